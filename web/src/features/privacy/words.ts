import { asProblem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { translator } from '../../lib/i18n.svelte.ts';

/** The words of "Your data": English, Filipino. Fetched with its screens, not with the page. */
const catalogue = {
  title: ['Your data', 'Ang datos mo'],
  keptTitle: ['What is kept, and why', 'Ano ang itinatago, at bakit'],
  keptMaterials: [
    '{materials} materials with {files} files ({bytes}): the tutor reads them to answer you.',
    '{materials} aralin na may {files} file ({bytes}): binabasa ng tutor para sagutin ka.',
  ],
  keptChats: [
    '{chats} chats with {messages} messages: so that you can go on where you left off.',
    '{chats} usapan na may {messages} mensahe: para makapagpatuloy ka kung saan ka tumigil.',
  ],
  keptSessions: [
    'Where you are signed in ({sessions}): a session ends 30 days after you last used it.',
    'Kung saan ka naka-sign in ({sessions}): natatapos ang session 30 araw matapos mong huling gamitin.',
  ],
  keptTokens: [
    'How many tokens of the language model you use in a day, for 13 months: for your daily limit. Administrators see the number.',
    'Ilang token ng language model ang nagagamit mo sa isang araw, sa loob ng 13 buwan: para sa limitasyon mo bawat araw. Nakikita ng mga administrator ang bilang.',
  ],
  keptAccount: [
    'Your name, e-mail and settings: as long as you have the account.',
    'Ang pangalan, e-mail at settings mo: habang may account ka.',
  ],
  keptLog: [
    'A log of sign-ins and changes to accounts, without what you write: it shows whether somebody got in who should not.',
    'Tala ng mga pag-sign in at pagbabago sa account, wala ang mga isinulat mo: makikita rito kung may nakapasok na hindi dapat.',
  ],
  howLong: ['How long', 'Gaano katagal'],
  chatsForever: [
    'Chats stay until you delete them.',
    'Nananatili ang mga usapan hanggang burahin mo.',
  ],
  chatsMonths: [
    'Chats are deleted {n} months after their last message.',
    'Binubura ang mga usapan {n} buwan matapos ang huling mensahe.',
  ],
  materialsForever: [
    'Materials stay until you delete them.',
    'Nananatili ang mga aralin hanggang burahin mo.',
  ],
  materialsMonths: [
    'Materials are deleted {n} months after their last change.',
    'Binubura ang mga aralin {n} buwan matapos ang huling pagbabago.',
  ],
  deletedLead: [
    'What is deleted can be brought back for 30 days; then it is gone. A temporary chat is gone a day after its last message.',
    'Maibabalik sa loob ng 30 araw ang nabura; pagkatapos ay wala na. Ang pansamantalang usapan ay nawawala isang araw matapos ang huling mensahe.',
  ],
  lookedTitle: ['Who looked', 'Sino ang tumingin'],
  lookedLead: [
    'What staff did with your account. They never see what you write or upload.',
    'Ang ginawa ng mga tagapangasiwa sa account mo. Hindi nila nakikita ang isinusulat o ina-upload mo.',
  ],
  lookedNobody: ['Nobody yet.', 'Wala pa.'],
  operator: ['The operator of this server', 'Ang nagpapatakbo ng server'],
  someone: ['Somebody who has no account any more', 'Isang wala nang account'],
  viewed: ['looked at your record', 'tiningnan ang iyong rekord'],
  created: ['made your account', 'ginawa ang iyong account'],
  roleChanged: ['changed your role', 'binago ang iyong papel'],
  suspended: ['suspended your account', 'sinuspinde ang iyong account'],
  unsuspended: ['ended the suspension', 'tinapos ang suspensyon'],
  erasureAsked: ['asked for your account to be erased', 'hiniling na burahin ang iyong account'],
  exportAsked: ['asked for an archive of your data', 'humiling ng archive ng datos mo'],
  exported: ['made an archive of your data', 'gumawa ng archive ng datos mo'],
  signedIn: ['began a session for you', 'nagsimula ng session para sa iyo'],
  takeTitle: ['Take it with you', 'Dalhin ang datos mo'],
  takeLead: [
    'A ZIP file with all your chats, texts and files, for you to read and for another BrainBytes to take up.',
    'Isang ZIP file ng lahat ng usapan, teksto at file mo, na mababasa mo at matatanggap ng ibang BrainBytes.',
  ],
  prepare: ['Make an archive', 'Gumawa ng archive'],
  prepareAnew: ['Make a new one', 'Gumawa ng bago'],
  preparing: [
    'Your archive is being made. You need not wait: a mail tells you when it is ready.',
    'Ginagawa na ang archive mo. Hindi kailangang maghintay: may mail na darating kapag handa na.',
  ],
  prepareFailed: [
    'The archive could not be made. Try again; if that does not help, tell your administrator.',
    'Hindi nagawa ang archive. Subukan muli; kung ayaw pa rin, sabihan ang iyong administrator.',
  ],
  ready: [
    'Your archive of {time} is ready ({bytes}). It is deleted on {until}.',
    'Handa na ang archive mo noong {time} ({bytes}). Buburahin ito sa {until}.',
  ],
  take: ['Download', 'I-download'],
  taking: ['Being downloaded…', 'Dina-download…'],
  taken: ['Your archive is there.', 'Narito na ang iyong archive.'],
  takeGone: [
    'This archive is not there any more. Make a new one.',
    'Wala na ang archive na ito. Gumawa ng bago.',
  ],
  discard: ['Delete it now', 'Burahin na'],
  bringTitle: ['Bring an archive', 'Magdala ng archive'],
  bringLead: [
    'A ZIP file that BrainBytes made, at most {bytes}. What you have already does not come twice.',
    'Isang ZIP file na gawa ng BrainBytes, hanggang {bytes}. Hindi madodoble ang mayroon ka na.',
  ],
  bring: ['Choose an archive', 'Pumili ng archive'],
  bringing: ['Being taken up…', 'Tinatanggap…'],
  brought: [
    '{made} things came along. {present} were here already.',
    '{made} ang nadagdag. {present} ang narito na.',
  ],
  bringDamaged: [
    'This file is no whole archive of BrainBytes. Nothing was changed.',
    'Hindi ito buong archive ng BrainBytes. Walang nabago.',
  ],
  bringTwice: [
    'An archive of yours is being made or read already. Try again when it is finished.',
    'May ginagawa o binabasa nang archive mo. Subukan muli kapag tapos na ito.',
  ],
  bringLarge: [
    'This archive is too large. Nothing was changed.',
    'Masyadong malaki ang archive na ito. Walang nabago.',
  ],
  bringWrong: [
    'Something in this archive cannot be taken up. Nothing was changed.',
    'May hindi matatanggap sa archive na ito. Walang nabago.',
  ],
  bringKind: [
    'Only a ZIP file can be brought. Nothing was changed.',
    'ZIP file lang ang madadala. Walang nabago.',
  ],
  leaveLast: [
    'You are the last administrator. Make somebody else administrator first.',
    'Ikaw ang huling administrator. Gumawa muna ng ibang administrator.',
  ],
  leaveTitle: ['Delete your account', 'Burahin ang iyong account'],
  leaveLead: [
    'You are signed out everywhere. After {n} days everything is erased for good. Signing in before calls it off.',
    'Masa-sign out ka saanman. Pagkalipas ng {n} araw, tuluyang mabubura ang lahat. Makakansela ito kung mag-sign in ka bago iyon.',
  ],
  leave: ['Delete my account', 'Burahin ang account ko'],
  leaveSure: ['Delete your account?', 'Burahin ang iyong account?'],
  left: [
    'Your account is erased on {time}. Sign in before if you change your mind.',
    'Mabubura ang iyong account sa {time}. Mag-sign in bago iyon kung magbago ang isip mo.',
  ],
  proofCancelled: ['Nothing was done.', 'Walang ginawa.'],
  retention: ['How long things are kept', 'Gaano katagal itinatago'],
  retentionLead: [
    'Months after the last message or change; 0 keeps them for ever. What goes can be brought back for 30 days.',
    'Mga buwan matapos ang huling mensahe o pagbabago; 0 kung walang hanggan. Maibabalik ang nawala sa loob ng 30 araw.',
  ],
  retentionChats: ['Chats (months)', 'Mga usapan (buwan)'],
  retentionMaterials: ['Materials (months)', 'Mga aralin (buwan)'],
  retentionWrong: ['Whole months from 0 to 120.', 'Buong buwan mula 0 hanggang 120.'],
  saved: ['Saved', 'Na-save na'],
} as const satisfies Record<string, readonly [english: string, filipino: string]>;

export const pt = translator(catalogue);

const deeds: Record<string, keyof typeof catalogue> = {
  'person.viewed': 'viewed',
  'person.created': 'created',
  'person.role_changed': 'roleChanged',
  'person.suspended': 'suspended',
  'person.unsuspended': 'unsuspended',
  'account.erasure_requested': 'erasureAsked',
  'data.export_asked': 'exportAsked',
  'data.exported': 'exported',
  'session.created': 'signedIn',
};

/** What was done, in words where there are any. */
export function deed(action: string): string {
  const key = deeds[action];
  return key ? pt(key) : action;
}

type Act = 'take' | 'bring' | 'leave';

const refusals: Record<Act, Partial<Record<number, keyof typeof catalogue>>> = {
  take: { 404: 'takeGone' },
  bring: {
    400: 'bringDamaged',
    409: 'bringTwice',
    413: 'bringLarge',
    415: 'bringKind',
    422: 'bringWrong',
  },
  leave: { 409: 'leaveLast' },
};

/** One sentence about why `act` was refused. */
export function refusal(act: Act, fault: unknown): string {
  const { slug, status } = asProblem(fault);
  if (slug === 'proof-cancelled') return pt('proofCancelled');
  const key = refusals[act][status];
  return key ? pt(key) : sentence(fault);
}
