import { asProblem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t, translator } from '../../lib/i18n.svelte.ts';

/** The words of administration: English, Filipino. Fetched with its screens, not with the page. */
const catalogue = {
  all: ['All', 'Lahat'],
  backupFailed: ['failed', 'nabigo'],
  backupLast: ['Last backup', 'Huling backup'],
  backupLate: [
    'No backup was made for too long. Look at what the last one says, and at the disk or machine it goes to.',
    'Matagal nang walang backup. Tingnan ang sinasabi ng huli, at ang disk o makinang pinupuntahan nito.',
  ],
  backupLost: ['Lost, if the database were lost now', 'Mawawala kung masira ngayon ang database'],
  backupLostAll: ['everything', 'lahat'],
  backupLostBeside: [
    'everything: the backups lie on the same disk',
    'lahat: nasa parehong disk ang mga backup',
  ],
  backupLostDisk: ['Lost, if its disk were lost now', 'Mawawala kung masira ngayon ang disk nito'],
  backupLostLog: ['{size} of changes not yet copied', '{size} na pagbabagong hindi pa nakopya'],
  backupLostSecond: ['the work of about a second', 'ang gawa sa mga isang segundo'],
  backupLostSome: ['the work of the last {time}', 'ang gawa sa huling {time}'],
  backupNever: ['not by itself', 'hindi kusa'],
  backupNext: ['Next', 'Susunod'],
  backupNone: ['No backup was made yet.', 'Wala pang backup.'],
  backups: ['Backups', 'Mga backup'],
  backupsLead: [
    'Made by the server itself and sealed: only who has the key can open them.',
    'Kusang ginagawa ng server at nakaselyo: ang may susi lang ang makakabukas.',
  ],
  backupsList: ['The last ones', 'Ang mga huli'],
  chats: ['Chats', 'Mga usapan'],
  created: ['Since', 'Mula noong'],
  database: ['Database', 'Database'],
  days: ['{n} days', '{n} araw'],
  domains: ['Domains', 'Mga domain'],
  domainsHint: [
    'What stands after the @, one on each line: school.example',
    'Ang kasunod ng @, isa sa bawat linya: school.example',
  ],
  domainsRule: [
    'Write 1 to 50 domains like school.example, each on a line of its own.',
    'Sumulat ng 1 hanggang 50 domain gaya ng school.example, isa sa bawat linya.',
  ],
  drillFailed: ['not as promised', 'hindi ayon sa pangako'],
  drillGood: ['as promised', 'ayon sa pangako'],
  drillLate: [
    'No recovery was practised for a month. A backup that nobody tried may not work: run "brainbytes drill run".',
    'Isang buwan nang walang pagsasanay. Baka hindi gumana ang backup na walang sumubok: patakbuhin ang "brainbytes drill run".',
  ],
  drillNone: ['No drill was held yet.', 'Wala pang pagsasanay.'],
  drillNotBack: ['did not come back', 'hindi bumalik'],
  drillTook: ['back in {rto}, {rpo} lost', 'bumalik sa {rto}, {rpo} ang nawala'],
  drills: ['Drills', 'Mga pagsasanay'],
  drillsLead: [
    'A drill breaks a throw-away copy and brings it back from the newest backup: it shows that backups work, and how fast.',
    'Sinisira sa pagsasanay ang isang panandaliang kopya at ibinabalik mula sa pinakabagong backup: ipinapakita nito na gumagana ang backup, at gaano kabilis.',
  ],
  expires: ['until {time}', 'hanggang {time}'],
  files: ['Files', 'Mga file'],
  find: ['Search by name or e-mail', 'Hanapin sa pangalan o e-mail'],
  hours: ['{n} hours', '{n} oras'],
  hasAccount: ['This address has an account already.', 'May account na ang address na ito.'],
  incidents: ['Incidents', 'Mga insidente'],
  operations: ['Operations', 'Takbo ng sistema'],
  invitations: ['Invitations', 'Mga imbitasyon'],
  invite: ['Invite', 'Imbitahan'],
  invited: ['Invitation sent to {email}', 'Naipadala ang imbitasyon sa {email}'],
  lastAdministrator: [
    'This is the last administrator. Make somebody else administrator first.',
    'Ito ang huling administrator. Gumawa muna ng ibang administrator.',
  ],
  lastSeen: ['Last seen', 'Huling nakita'],
  log: ['Log', 'Talaan'],
  logAction: ['Action', 'Gawain'],
  logLead: [
    'Who did what, newest first. Entries cannot be changed or removed.',
    'Sino ang gumawa ng ano, pinakabago muna. Hindi mababago o matatanggal ang mga ito.',
  ],
  logNone: ['No entries.', 'Walang tala.'],
  mail: ['Mail', 'Mail'],
  mailFailed: ['The mail could not be delivered:', 'Hindi naipadala ang mail:'],
  mailLead: [
    'Sends a mail to your own address and tells what the mail server says.',
    'Nagpapadala ng mail sa sarili mong address at sinasabi ang sagot ng mail server.',
  ],
  mailSent: ['Handed over, to {email}:', 'Naipadala, kay {email}:'],
  mailTest: ['Send a test mail', 'Magpadala ng subok na mail'],
  minutes: ['{n} minutes', '{n} minuto'],
  materials: ['Materials', 'Mga aralin'],
  never: ['never', 'hindi pa'],
  neverSeen: ['never seen', 'hindi pa nakita'],
  nobody: ['Nobody fits.', 'Walang tugma.'],
  noInvitations: ['No invitations.', 'Walang imbitasyon.'],
  notSuspend: ['Let in again', 'Papasukin muli'],
  people: ['People', 'Mga tao'],
  policy: ['Who may make an account', 'Sino ang puwedeng gumawa ng account'],
  policyDomains: ['Addresses of these domains', 'Mga address sa mga domain na ito'],
  policyInvited: ['Only who is invited', 'Imbitado lang'],
  policyOpen: ['Everybody', 'Lahat'],
  privacy: [
    'Administrators do not see what people write or bring. That you opened this record is in the log.',
    'Hindi nakikita ng mga administrator ang isinusulat o dala ng mga tao. Nasa talaan na binuksan mo ito.',
  ],
  revoke: ['Withdraw', 'Bawiin'],
  revoked: ['Invitation withdrawn', 'Binawi ang imbitasyon'],
  role: ['Role', 'Papel'],
  role_administrator: ['Administrator', 'Administrator'],
  role_student: ['Student', 'Estudyante'],
  role_teacher: ['Teacher', 'Guro'],
  saved: ['Saved', 'Naka-save na'],
  saveRole: ['Give this role', 'Ibigay ang papel na ito'],
  seconds: ['{n} seconds', '{n} segundo'],
  seen: ['seen {time}', 'nakita {time}'],
  sessions: ['Signed in on', 'Naka-sign in sa'],
  signUp: ['Sign-up', 'Pagpapatala'],
  state: ['State', 'Kalagayan'],
  state_accepted: ['accepted', 'tinanggap'],
  state_active: ['Active', 'Aktibo'],
  state_expired: ['expired', 'lumipas na'],
  state_open: ['open', 'bukas'],
  state_revoked: ['withdrawn', 'binawi'],
  state_suspended: ['Suspended', 'Suspendido'],
  storage: ['Storage', 'Imbakan'],
  suspend: ['Suspend', 'Suspindihin'],
  suspendLead: [
    'Signs this person out everywhere and lets them in no more. Nothing of theirs is deleted.',
    'Isa-sign out ang taong ito sa lahat at hindi na papapasukin. Walang mabubura sa kanya.',
  ],
  system: ['System', 'Sistema'],
  tokensMonth: ['Tokens in 30 days', 'Token sa 30 araw'],
  tokensRow: ['{n} tokens in 30 days', '{n} token sa 30 araw'],
  tokensToday: ['Tokens today', 'Token ngayong araw'],
  uploaded: ['Uploaded', 'Na-upload'],
  usageDay: ['Day', 'Araw'],
  usageDays: ['The last 30 days', 'Ang nakaraang 30 araw'],
  usageLead: ['Of all people together.', 'Ng lahat ng tao.'],
  usageMost: [
    '{n} tokens. The busiest day was {day}, with {most}.',
    '{n} token. Pinakamarami noong {day}: {most}.',
  ],
  usageNoModel: [
    'There is no language model: the tutor quotes passages, and that uses no tokens.',
    'Walang language model: sumisipi lang ang tutor, at walang nagagamit na token doon.',
  ],
  usageNone: ['No tokens in the last 30 days.', 'Walang token sa nakaraang 30 araw.'],
  usagePerson: [
    'Each person has {limit} tokens a day.',
    'May {limit} token ang bawat tao sa isang araw.',
  ],
  usageTable: ['Day by day', 'Araw-araw'],
  usageTokens: ['Tokens', 'Mga token'],
} as const satisfies Record<string, readonly [english: string, filipino: string]>;

export type AdminKey = keyof typeof catalogue;
export const tt = translator<AdminKey>(catalogue);

/** One sentence about what went wrong; `conflict` says what a 409 means here. After a 412 the newest is to be shown. */
export function adminSentence(error: unknown, conflict: AdminKey = 'lastAdministrator'): string {
  const problem = asProblem(error);
  if (problem.status === 409) return tt(conflict);
  if (problem.status === 412) return t('error.changedShown');
  if (problem.fields.some(({ pointer }) => pointer.startsWith('#/domains')))
    return tt('domainsRule');
  return sentence(error);
}
