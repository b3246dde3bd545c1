import { chromium } from 'playwright-core';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
const O='http://127.0.0.1:18181';
const b = await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync']});
const join = async (name, room='team sync') => { const c = await b.newContext({viewport:{width:1280,height:860}}); const p = await c.newPage(); p.on('console',m=>{ if(m.type()==='error'||m.type()==='warning') console.log(name,'console',m.type(),m.text())}); p.on('pageerror',e=>console.log(name,'pageerror',e.message));
 await p.goto(`${O}/?room=${encodeURIComponent(room)}`); await p.getByLabel('Your name').fill(name); await p.getByRole('button',{name:'Join room'}).click(); await p.locator(`[data-testid=participant][data-name="${name}"]`).waitFor({timeout:8000}); return p; };
const card=(p,n)=>p.locator(`[data-testid=file-card][data-name="${n}"]`);
const state=async(p,n,s)=>{ await p.locator(`[data-testid=file-card][data-name="${n}"][data-state="${s}"]`).waitFor({timeout:20000}); };
const sha=f=>createHash('sha256').update(f).digest('hex');
const ana=await join('Ana Moreau'), ben=await join('Ben');
console.log('title', await ana.title(), 'url', ana.url());
const big=Buffer.alloc(30_000_000); for(let i=0;i<big.length;i+=997) big[i]=i%251;
writeFileSync('/tmp/hd/big.bin',big);
await ana.getByTestId('file-input').setInputFiles(['/tmp/hd/big.bin',{name:'note.txt',mimeType:'text/plain',buffer:Buffer.from('hi')}].filter(x=>typeof x==='string'));
await ben.getByTestId('file-input').setInputFiles([{name:'photo.jpg',mimeType:'image/jpeg',buffer:Buffer.from('jpeg')},{name:'two.zip',mimeType:'application/zip',buffer:Buffer.from('zz')}]);
await state(ana,'big.bin','shared'); await state(ben,'big.bin','available'); await state(ana,'photo.jpg','available');
const save=async(p,n)=>{ const d=p.waitForEvent('download'); await card(p,n).getByRole('button',{name:`Save ${n}`}).click(); const dl=await d; return sha(readFileSync(await dl.path())); };
console.log('big same', await save(ben,'big.bin')===sha(big)); await state(ben,'big.bin','saved');
console.log('photo same', await save(ana,'photo.jpg')===sha(Buffer.from('jpeg')));
const cleo=await join('Cleo'); await state(cleo,'big.bin','available'); console.log('late joiner ok');
// targeted
await ana.locator('[data-testid=recipient][data-name="Ben"]').click();
await ana.getByTestId('file-input').setInputFiles([{name:'secret.pdf',mimeType:'application/pdf',buffer:Buffer.from('pdf')}]);
await state(ben,'secret.pdf','available'); await state(ana,'secret.pdf','shared'); console.log('cleo sees secret', await card(cleo,'secret.pdf').count());
// withdraw
await ana.getByRole('button',{name:'Withdraw secret.pdf'}).click(); await card(ana,'secret.pdf').getByRole('button',{name:'Withdraw',exact:true}).click(); await state(ben,'secret.pdf','revoked'); await state(ana,'secret.pdf','revoked'); console.log('withdraw ok');
// throttle + reload resume
const cdp=await ana.context().newCDPSession(ana); await cdp.send('Network.emulateNetworkConditions',{offline:false,latency:5,downloadThroughput:-1,uploadThroughput:2_000_000});
const huge=Buffer.alloc(20_000_000,7); writeFileSync('/tmp/hd/huge.bin',huge); await ana.getByTestId('recipient-everyone').click();
await ana.getByTestId('file-input').setInputFiles(['/tmp/hd/huge.bin']); await state(ana,'huge.bin','uploading'); 
await ana.waitForTimeout(3500); await ana.screenshot({path:'/tmp/shots/real-ana.png'}); await ben.screenshot({path:'/tmp/shots/real-ben.png'});
await ana.reload(); await state(ana,'huge.bin','needs-file'); console.log('after reload:', await card(ana,'huge.bin').locator('.wide').textContent().then(t=>t.replace(/\s+/g,' ')));
await cdp.send('Network.emulateNetworkConditions',{offline:false,latency:0,downloadThroughput:-1,uploadThroughput:-1});
const patches=[]; ana.on('request',r=>{ if(r.method()==='PATCH') patches.push(r.headers()['upload-offset']) });
const fc=ana.waitForEvent('filechooser'); await card(ana,'huge.bin').getByRole('button',{name:/Choose file/}).click(); await (await fc).setFiles('/tmp/hd/huge.bin');
await state(ana,'huge.bin','shared'); console.log('resumed at', patches); await state(ben,'huge.bin','available'); console.log('huge same', await save(ben,'huge.bin')===sha(huge));
// retry/offline
await ben.context().setOffline(true); await ben.locator('[data-testid=connection][data-state=reconnecting]').waitFor({timeout:40000}); console.log('reconnecting shown'); await ben.screenshot({path:'/tmp/shots/real-offline.png'}); await ben.context().setOffline(false); await ben.locator('[data-testid=connection][data-state=connected]').waitFor({timeout:40000}); console.log('connected again');
// replaced
const c2=ana.context(); const st=await ana.evaluate(()=>sessionStorage.getItem('handout.session')); const dup=await c2.newPage(); await dup.addInitScript(s=>sessionStorage.setItem('handout.session',s),st); await dup.goto(ana.url()); await dup.getByTestId('participants').waitFor(); await ana.locator('[data-testid=ended][data-reason=replaced]').waitFor(); console.log('replaced ok'); await ana.getByRole('button',{name:'Use this window'}).click(); await ana.getByTestId('participants').waitFor(); await dup.locator('[data-reason=replaced]').waitFor(); console.log('taken back');
// hash token
const tok=JSON.parse(st).token; const t=await b.newPage(); const r=await (await fetch(O+'/api/join',{method:'POST',headers:{'content-type':'application/json'},body:JSON.stringify({room:'team sync',name:'Tok'})})).json(); await t.goto(`${O}/#token=${encodeURIComponent(r.token)}`); await t.getByTestId('participants').waitFor(); console.log('hash token', t.url(), 'copy link shown', await t.getByTestId('copy-link').count());
await t.goto(`${O}/#token=broken`); await t.reload(); console.log('broken:', await t.getByRole('alert').textContent({timeout:8000}).then(s=>s.trim()));
await ana.getByRole('button',{name:'Leave room'}).click(); await ana.getByTestId('join-form').waitFor(); await ben.locator('[data-testid=participant][data-name="Ana Moreau"]').waitFor({state:'detached'}); console.log('left');
await ben.screenshot({path:'/tmp/shots/real-end.png'});
await b.close();
