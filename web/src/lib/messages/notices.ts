/** The part of the catalogue (messages.ts) about the address and notices by mail: English, Filipino. */
export const notices = {
  'address.change': ['Change the address', 'Palitan ang address'],
  'address.new': ['New e-mail', 'Bagong e-mail'],
  'address.send': ['Send a code there', 'Magpadala ng code doon'],
  'address.sent': [
    'Enter the code that we sent to {email}.',
    'Ilagay ang code na ipinadala namin sa {email}.',
  ],
  'address.confirm': ['Change it', 'Palitan'],
  'address.changed': [
    'Your address is {email} now. Other devices are signed out.',
    '{email} na ang address mo. Na-sign out ang ibang device.',
  ],
  'address.same': ['This is your address already.', 'Ito na ang address mo.'],
  'address.taken': [
    'This address has an account of its own. Nothing was changed.',
    'May sariling account ang address na ito. Walang nabago.',
  ],

  'notices.title': ['Notices by mail', 'Mga paalala sa mail'],
  'notices.newDevice': [
    'When somebody signs in from a new device or network',
    'Kapag may nag-sign in mula sa bagong device o network',
  ],
  'notices.weekly': [
    'What I did in the week, on Sunday evening',
    'Ang nagawa ko sa linggo, tuwing Linggo ng gabi',
  ],
  'notices.always': [
    'Mails about a change of your address always come.',
    'Laging darating ang mail tungkol sa pagpalit ng address mo.',
  ],

  'unsubscribe.title': ['No more of these mails', 'Itigil ang mga mail na ito'],
  'unsubscribe.lead': [
    'You go on using BrainBytes; only mails of this kind stop.',
    'Magagamit mo pa rin ang BrainBytes; ang ganitong mail lang ang titigil.',
  ],
  'unsubscribe.stop': ['Stop these mails', 'Itigil ang mga mail'],
  'unsubscribe.done': [
    'Done. You can have them again in the settings.',
    'Tapos na. Maibabalik mo ang mga ito sa settings.',
  ],
  'unsubscribe.broken': [
    'This link is not whole. Open it from the mail again, or use the settings.',
    'Kulang ang link na ito. Buksan muli mula sa mail, o gamitin ang settings.',
  ],
} as const;
