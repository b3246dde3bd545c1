import Theme from 'vitepress/theme-without-fonts'; // those of the reader's own system
import './style.css';

export default Theme;
