/** The part of the catalogue (messages.ts) about passkeys and recovery codes: English, Filipino. */
export const passkeys = {
  'passkeys.add': ['Add a passkey', 'Magdagdag ng passkey'],
  'passkeys.added': ['Passkey added', 'Naidagdag na ang passkey'],
  'passkeys.cancelled': [
    'No passkey was used. Try again, or have a code sent to you.',
    'Walang ginamit na passkey. Subukan muli, o magpadala ng code.',
  ],
  'passkeys.confirm': ['Confirm with a passkey', 'Kumpirmahin gamit ang passkey'],
  'passkeys.failed': [
    'This browser could not make a passkey.',
    'Hindi nakagawa ng passkey ang browser na ito.',
  ],
  'passkeys.full': [
    'You have as many passkeys as there may be. Remove one first.',
    'Puno na ang iyong mga passkey. Mag-alis muna ng isa.',
  ],
  'passkeys.known': [
    'This device already has a passkey for your account.',
    'May passkey na ang device na ito para sa iyong account.',
  ],
  'passkeys.lead': [
    'Sign in with your fingerprint, your face or the PIN of your device instead of a code.',
    'Mag-sign in gamit ang fingerprint, mukha, o PIN ng iyong device sa halip na code.',
  ],
  'passkeys.made': ['Added {time}', 'Idinagdag {time}'],
  'passkeys.none': ['You have no passkey yet.', 'Wala ka pang passkey.'],
  'passkeys.orPasskey': ['Sign in with a passkey', 'Mag-sign in gamit ang passkey'],
  'passkeys.refused': [
    'This passkey was not accepted. Try again, or have a code sent to you.',
    'Hindi tinanggap ang passkey na ito. Subukan muli, o magpadala ng code.',
  ],
  'passkeys.remove': ['Remove', 'Alisin'],
  'passkeys.removeHint': [
    'It no longer signs in here. Delete it on your device or in your password manager as well.',
    'Hindi na ito magagamit sa pag-sign in dito. Burahin din ito sa iyong device o password manager.',
  ],
  'passkeys.removed': ['Passkey removed', 'Naalis na ang passkey'],
  'passkeys.removeTitle': ['Remove “{name}”?', 'Alisin ang “{name}”?'],
  'passkeys.site': ['Works only at {site}', 'Gumagana lang sa {site}'],
  'passkeys.title': ['Passkeys', 'Mga passkey'],
  'passkeys.used': ['Last used {time}', 'Huling ginamit {time}'],

  'recovery.code': ['Recovery code', 'Recovery code'],
  'recovery.codeHint': [
    'One of the ten codes you have kept. Each works once.',
    'Isa sa sampung code na itinago mo. Isang beses lang gagana ang bawat isa.',
  ],
  'recovery.enter': ['Sign in', 'Mag-sign in'],
  'recovery.keep': [
    'Each of these codes signs you in once, when you can reach neither your mail nor a passkey. They are shown only now: write them down or keep the file in a safe place. Older codes no longer work.',
    'Isang beses kang maipapasok ng bawat code na ito kapag hindi mo mabuksan ang mail o passkey. Ngayon lang ito ipapakita: isulat o itago ang file sa ligtas na lugar. Hindi na gagana ang mga lumang code.',
  ],
  'recovery.lead': [
    'Enter your address and one of your recovery codes.',
    'Ilagay ang iyong address at isa sa iyong mga recovery code.',
  ],
  'recovery.left.one': ['{n} recovery code is left', '{n} recovery code na lang ang natitira'],
  'recovery.left.other': ['{n} recovery codes are left', '{n} recovery code pa ang natitira'],
  'recovery.make': ['Make recovery codes', 'Gumawa ng mga recovery code'],
  'recovery.new': ['Make new codes', 'Gumawa ng mga bagong code'],
  'recovery.none': ['You have no recovery codes.', 'Wala kang recovery code.'],
  'recovery.otherWay': ['Another way to sign in', 'Ibang paraan ng pag-sign in'],
  'recovery.title': ['Recovery codes', 'Mga recovery code'],
  'recovery.use': ['Use a recovery code', 'Gumamit ng recovery code'],
  'recovery.wrong': [
    'That code does not fit this address, or it has been used.',
    'Hindi tugma ang code sa address na ito, o nagamit na ito.',
  ],
} as const;
