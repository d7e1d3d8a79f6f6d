import { translator } from '../../lib/i18n.svelte.ts';

/** The words of sharing: English, Filipino. Fetched with its screens, not with the page. */
const catalogue = {
  add: ['Add to my materials', 'Idagdag sa mga aralin ko'],
  addLead: [
    'A copy of your own: search finds it, and the tutor answers from it. It stays when the sharing ends.',
    'Sarili mong kopya: makikita ito sa paghahanap, at sasagot ang tutor mula rito. Mananatili ito kahit matapos ang pagbabahagi.',
  ],
  added: ['{title} is among your materials now', 'Kasama na sa mga aralin mo ang {title}'],
  adding: ['Being copied…', 'Kinokopya…'],
  back: ['Back to the shared material', 'Bumalik sa ibinahaging aralin'],
  copiedFrom: ['A copy of what {owner} shares', 'Kopya ng ibinahagi ni {owner}'],
  copiedFromGone: ['A copy of a shared material', 'Kopya ng ibinahaging aralin'],
  copyLink: ['Copy the link', 'Kopyahin ang link'],
  email: ['E-mail of a person', 'E-mail ng isang tao'],
  ended: ['ended {time}', 'natapos noong {time}'],
  ends: ['until {time}', 'hanggang {time}'],
  endsLabel: ['Ends after this day', 'Matatapos pagkaraan ng araw na ito'],
  endsHint: ['Empty: until you revoke it', 'Kung walang laman: hanggang bawiin mo'],
  from: ['Shared by {owner}', 'Ibinahagi ni {owner}'],
  has: ['Who has it', 'Sino ang mayroon nito'],
  lead: [
    'Others can read it, and make copies of their own. Nobody can change yours.',
    'Mababasa ito ng iba, at makagagawa sila ng sariling kopya. Walang makababago ng sa iyo.',
  ],
  leave: ['Remove from this list', 'Alisin sa listahang ito'],
  left: ['Removed', 'Inalis na'],
  link: ['Link', 'Link'],
  linkOnce: [
    'Copy it now: it is shown only once. Who has it and signs in can read the material.',
    'Kopyahin na: isang beses lang itong ipapakita. Mababasa ang aralin ng sinumang may hawak nito at naka-sign in.',
  ],
  makeLink: ['Make a link', 'Gumawa ng link'],
  nobody: ['Nobody but you.', 'Ikaw lang.'],
  none: [
    'Nobody shares anything with you yet. What you open by a link, or what is shared with your e-mail address, is here.',
    'Wala pang nagbabahagi sa iyo. Narito ang bubuksan mo sa link, o ang ibabahagi sa e-mail mo.',
  ],
  notOpened: ['not opened yet', 'hindi pa nabubuksan'],
  open: ['Open it', 'Buksan'],
  openGone: [
    'This link is not valid any more. Ask for a new one.',
    'Wala nang bisa ang link na ito. Humingi ng bago.',
  ],
  openLead: [
    'Somebody shares a material with you. They will see your name and that you opened it.',
    'May nagbabahagi sa iyo ng aralin. Makikita niya ang pangalan mo at na binuksan mo ito.',
  ],
  openTitle: ['A material for you', 'Isang aralin para sa iyo'],
  openedBy: ['opened by {names}', 'binuksan ni {names}'],
  revoke: ['Revoke', 'Bawiin'],
  revoked: [
    'Revoked: it cannot be read by this any more',
    'Binawi na: hindi na ito mababasa sa ganito',
  ],
  share: ['Share', 'Ibahagi'],
  shareTitle: ['Share {title}', 'Ibahagi ang {title}'],
  shareWith: ['Share with this person', 'Ibahagi sa taong ito'],
  shared: ['Shared with {email}', 'Ibinahagi kay {email}'],
  tooMany: [
    'This is shared with as many as can be. Revoke something first.',
    'Naabot na ang dami ng maaaring bahagian. May bawiin muna.',
  ],
  wrongEmail: [
    'Enter the whole address of somebody else.',
    'Ilagay ang buong e-mail ng ibang tao.',
  ],
} as const;

export const st = translator<keyof typeof catalogue>(catalogue);
