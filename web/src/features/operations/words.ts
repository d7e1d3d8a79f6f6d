import { translator } from '../../lib/i18n.svelte.ts';

/** The words of incidents and alarms: English, Filipino. */
const catalogue = {
  acknowledge: ['I have it in hand', 'Ako ang bahala'],
  acknowledged: ['in hand', 'inaasikaso na'],
  alarm: ['on', 'umaalarma'],
  alarms: ['Alarms', 'Mga alarma'],
  alarmsLead: [
    'Each is looked at four times a minute. What is on opens an incident by itself.',
    'Apat na beses bawat minuto tinitingnan. Ang umaalarma ay kusang nagbubukas ng insidente.',
  ],
  all: ['Show those that are over, too', 'Ipakita rin ang mga tapos na'],
  answerBy: ['An answer is due by {time}', 'Dapat may sumagot bago mag-{time}'],
  back: ['All incidents', 'Lahat ng insidente'],
  component: ['What it is about', 'Tungkol saan'],
  data: ['Backups', 'Mga backup'],
  draft: ['Draft of the post-mortem', 'Burador ng post-mortem'],
  escalate: ['Ask the next level', 'Tawagin ang kasunod'],
  incidents: ['Incidents', 'Mga insidente'],
  'no data': ['no data', 'walang datos'],
  none: ['Nothing is wrong.', 'Walang problema.'],
  note: ['Add to the time line', 'Idagdag sa talaan'],
  off: ['off', 'nakapatay'],
  ok: ['ok', 'ayos'],
  open: ['open', 'bukas'],
  overdue: ['nobody answered in time', 'walang sumagot sa oras'],
  P0: ['P0: nobody can work; go back at once', 'P0: walang makagamit; bumalik agad'],
  P1: [
    'P1: much is wrong; go back if there is no quick fix',
    'P1: malaki ang sira; bumalik kung walang mabilis na lunas',
  ],
  P2: ['P2: some things are wrong; mend them', 'P2: may ilang sira; ayusin'],
  P3: ['P3: small; within a day', 'P3: maliit; sa loob ng isang araw'],
  public: ['Show it on the status page, too', 'Ipakita rin sa status page'],
  report: ['Tell those on duty', 'Sabihan ang nakatalaga'],
  resolve: ['It is over', 'Tapos na'],
  resolved: ['over', 'tapos na'],
  service: ['Pages and materials', 'Mga pahina at materyales'],
  severity: ['How bad it is', 'Gaano kalala'],
  'sign-in': ['Signing in', 'Pag-sign in'],
  silence: ['Silence for 8 hours', 'Patahimikin nang 8 oras'],
  silenced: ['silenced', 'pinatahimik'],
  told: ['Those on duty are told.', 'Sinabihan na ang nakatalaga.'],
  tutor: ['The tutor', 'Ang tutor'],
  what: ['What is wrong', 'Ano ang problema'],
  words: ['What was found or done', 'Ano ang nakita o ginawa'],
  wrong: ['Something is wrong', 'May problema'],
} as const satisfies Record<string, readonly [english: string, filipino: string]>;

export type OperationsKey = keyof typeof catalogue;
export const to = translator<OperationsKey>(catalogue);
