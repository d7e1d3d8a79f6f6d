/** The part of the catalogue (messages.ts) about data protection that the first page needs: English, Filipino. */
export const privacy = {
  'privacy.link': ['Your data', 'Ang datos mo'],
  'privacy.linkLead': [
    'What is kept, who looked, take it with you, delete your account.',
    'Ano ang itinatago, sino ang tumingin, dalhin ito, burahin ang account.',
  ],
  'privacy.undone': [
    'You signed in, so your account is not deleted.',
    'Nag-sign in ka, kaya hindi na buburahin ang iyong account.',
  ],
  'privacy.temporary': ['Temporary chat', 'Pansamantalang usapan'],
  'privacy.temporaryLead': [
    'In no list and no search, and gone a day after its last message.',
    'Wala sa listahan at paghahanap, at nawawala isang araw matapos ang huling mensahe.',
  ],
} as const satisfies Record<string, readonly [english: string, filipino: string]>;
