/** The part of the catalogue (messages.ts) about proofs and API keys: English, Filipino. */
export const keys = {
  'proof.cancelled': ['Nothing was changed.', 'Walang nabago.'],
  'proof.lead': [
    'This is a serious change. We have sent a code to {email}; enter it to go on.',
    'Malaking pagbabago ito. Nagpadala kami ng code sa {email}; ilagay ito para magpatuloy.',
  ],
  'proof.passkey': [
    'This is a serious change. Show with a passkey that it is you.',
    'Malaking pagbabago ito. Patunayan gamit ang passkey na ikaw ito.',
  ],
  'proof.title': ['Is it you?', 'Ikaw ba ito?'],

  'keys.title': ['API keys', 'Mga API key'],
  'keys.lead': [
    'A key lets a program of yours use BrainBytes as you. Give each program its own, and revoke what you no longer use.',
    'Sa key, magagamit ng programa mo ang BrainBytes bilang ikaw. Bigyan ng sarili ang bawat programa, at bawiin ang hindi na ginagamit.',
  ],
  'keys.make': ['Make a key', 'Gumawa ng key'],
  'keys.name': ['What it is for', 'Para saan ito'],
  'keys.scope': ['What it may do', 'Ano ang puwede nitong gawin'],
  'keys.scope.read': ['Read', 'Magbasa'],
  'keys.scope.write': ['Read and change', 'Magbasa at magbago'],
  'keys.scope.admin': ['Administration alone', 'Pamamahala lamang'],
  'keys.days': ['Good for', 'May bisa nang'],
  'keys.daysOf': ['{count} days', '{count} araw'],
  'keys.once': [
    'Copy the key now. It is shown this once and kept nowhere.',
    'Kopyahin na ang key ngayon. Isang beses lang ito ipapakita at hindi itinatago.',
  ],
  'keys.token': ['Your new key', 'Ang bago mong key'],
  'keys.expires': ['expires {time}', 'mag-e-expire {time}'],
  'keys.expired': ['expired', 'expired na'],
  'keys.unused': ['not used yet', 'hindi pa nagagamit'],
  'keys.used': ['used {time} from {network}', 'ginamit {time} mula sa {network}'],
  'keys.revoke': ['Revoke', 'Bawiin'],
  'keys.revoked': ['The key opens nothing any more', 'Wala nang nabubuksan ang key'],
  'keys.tooMany': [
    'You have 20 keys. Revoke one first.',
    'Mayroon ka nang 20 key. Bumawi muna ng isa.',
  ],
} as const;
