import { base, buttons } from '@handout/panel/ui';
import { css, html, LitElement, nothing } from 'lit';
import { words } from '../language.js';
import { closeBeside, dialogStyles } from './dialog.js';

/** A question before something that cannot be taken back. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** The button that does it. */
  readonly verb: string;
  /** What may be done too, as a box to tick. */
  readonly option?: string;
}

/** What was answered; the box counts only with a yes. */
export interface Answer {
  readonly yes: boolean;
  readonly option: boolean;
}

const NO: Answer = { yes: false, option: false };

/** Asks one question at a time, above the page. Escape and a press beside it mean no. */
export class AskDialog extends LitElement {
  static override properties = { question: { state: true } };

  declare question: Question | undefined;
  #answered: (answer: Answer) => void = () => undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#answered(NO);
  }

  /** Resolves with the answer, when the focus is back where it was. */
  async ask(question: Question): Promise<Answer> {
    this.#answered(NO);
    this.question = question;
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector('dialog');
    const box = this.renderRoot.querySelector('input');
    if (box) box.checked = false;
    return new Promise((resolve) => {
      this.#answered = resolve;
      if (!dialog?.open) dialog?.showModal();
    });
  }

  override render() {
    const { question } = this;
    if (question === undefined) return nothing;
    return html`<dialog role="alertdialog" aria-labelledby="title" aria-describedby="text" data-testid="question" @close=${this.#closed} @click=${closeBeside}>
      <form method="dialog">
        <h2 id="title">${question.title}</h2>
        <p id="text">${question.text}</p>
        ${question.option === undefined ? nothing : html`<label><input type="checkbox" />${question.option}</label>`}
        <div class="buttons">
          <button value="no" autofocus>${words().text('cancel')}</button>
          <button value="yes" class="danger">${question.verb}</button>
        </div>
      </form>
    </dialog>`;
  }

  #closed(event: Event): void {
    const dialog = event.target as HTMLDialogElement;
    const option = dialog.querySelector('input')?.checked ?? false;
    const answered = this.#answered;
    this.#answered = () => undefined;
    answered(dialog.returnValue === 'yes' ? { yes: true, option } : NO);
    this.question = undefined;
  }

  static override styles = [
    base,
    buttons,
    dialogStyles,
    css`
      dialog {
        max-inline-size: min(420px, calc(100vw - 32px));
        padding: 0;
      }
      form {
        padding: 22px 24px 20px;
      }
      h2 {
        overflow-wrap: anywhere;
      }
      p {
        margin-block-start: 8px;
        color: var(--_text-2);
        overflow-wrap: anywhere;
        text-wrap: pretty;
      }
      label {
        display: flex;
        align-items: center;
        gap: 10px;
        min-block-size: var(--_touch);
        margin-block-start: 10px;
        cursor: pointer;
      }
      input {
        flex: none;
        inline-size: 18px;
        block-size: 18px;
        margin: 0;
        accent-color: var(--_accent);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        justify-content: end;
        gap: 8px;
        margin-block-start: 18px;
      }
    `,
  ];
}

customElements.define('handout-ask-dialog', AskDialog);
