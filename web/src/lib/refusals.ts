/** The part of the catalogue (messages.ts) that says what went wrong: English, Filipino. */
export const refusals = {
  'error.busy': [
    'The server is busy right now. Please try again in a moment.',
    'Abala ang server ngayon. Pakisubukan muli mamaya-maya.',
  ],
  'error.changed': [
    'This was changed somewhere else. Reload to see the newest version.',
    'Nabago ito sa ibang lugar. I-reload para makita ang pinakabago.',
  ],
  'error.changedShown': [
    'Somebody changed this meanwhile, so your change was not saved. You now see the newest.',
    'May nagbago nito habang ginagawa mo, kaya hindi na-save ang binago mo. Pinakabago na ang nakikita mo.',
  ],
  'error.conflict': [
    'The tutor is still writing here, or this has moved on meanwhile. Wait a moment or reload.',
    'Nagsusulat pa rito ang tutor, o may nabago na. Maghintay sandali o i-reload.',
  ],
  'error.fileKind': [
    'This kind of file cannot be read. PDF, Word, PowerPoint, Excel, EPUB, web pages and text can.',
    'Hindi mababasa ang ganitong file. Puwede ang PDF, Word, PowerPoint, Excel, EPUB, web page at teksto.',
  ],
  'error.forbidden': ['You are not allowed to do this.', 'Wala kang pahintulot na gawin ito.'],
  'error.invalid': [
    'Something here is not accepted. Please check what you wrote.',
    'May hindi tinanggap dito. Pakisuri ang isinulat mo.',
  ],
  'error.missing': ['This is not here, or not yours.', 'Wala ito rito, o hindi ito sa iyo.'],
  'error.network': [
    'The server cannot be reached. Check your connection.',
    'Hindi maabot ang server. Tingnan ang iyong koneksyon.',
  ],
  'error.server': [
    'Something went wrong on the server (reference {id}).',
    'May nangyaring mali sa server (sanggunian {id}).',
  ],
  'error.signedOut': ['You have been signed out.', 'Na-sign out ka na.'],
  'error.signUpClosed': [
    'There is no account for this address. Ask your administrator for an invitation.',
    'Walang account para sa address na ito. Humingi ng imbitasyon sa iyong administrator.',
  ],
  'error.suspended': [
    'This account is suspended. Ask your administrator.',
    'Suspendido ang account na ito. Magtanong sa iyong administrator.',
  ],
  'error.title': ['This could not be loaded', 'Hindi ito na-load'],
  'error.tooLarge': ['This is too large.', 'Masyado itong malaki.'],
  'error.tooMany': [
    'That was a lot at once. Please wait a little and try again.',
    'Masyadong marami nang sabay-sabay. Maghintay sandali at subukan muli.',
  ],
  'error.noTokens': [
    'The use of the language model for today is used up. It goes on at {time}.',
    'Naubos na ang paggamit ng language model para sa araw na ito. Magpapatuloy ito nang {time}.',
  ],
  'error.tooManyMinutes': [
    'That was a lot at once. Please try again in {count} minutes.',
    'Masyadong marami nang sabay-sabay. Subukan muli pagkaraan ng {count} minuto.',
  ],
  'error.tooManySeconds': [
    'That was a lot at once. Please try again in {count} seconds.',
    'Masyadong marami nang sabay-sabay. Subukan muli pagkaraan ng {count} segundo.',
  ],
  'error.unknown': ['That did not work.', 'Hindi iyon gumana.'],

  'rule.content': [
    'A text has at most 1,000,000 characters, and no control characters.',
    'Hanggang 1,000,000 karakter ang isang teksto, at walang control character.',
  ],
  'rule.description': [
    'A description has at most 2,000 characters.',
    'Hanggang 2,000 karakter ang paglalarawan.',
  ],
  'rule.file': [
    'No text can be read in this file. It may be empty.',
    'Walang mabasang teksto sa file na ito. Baka walang laman.',
  ],
  'rule.fileName': [
    'The name of a file keeps its ending and holds no slashes.',
    'Hindi nagbabago ang dulo ng pangalan ng file, at walang slash.',
  ],
  'rule.fileSize': [
    'This file is larger than the server takes (a text file: 10 MB). Split it into parts.',
    'Mas malaki ang file na ito kaysa sa tinatanggap ng server (10 MB ang text file). Hatiin ito.',
  ],
  'rule.deleted': [
    'What you deleted in the last 30 days still takes too much room. More fits in as it goes.',
    'Malaki pa ang espasyong kinukuha ng binura mo sa huling 30 araw. Magkakaroon ng lugar habang nawawala ito.',
  ],
  'rule.storage': [
    'Your room for files is used up. Delete files you no longer need.',
    'Puno na ang espasyo mo para sa mga file. Burahin ang mga hindi na kailangan.',
  ],
  'rule.helpText': [
    'Writing help works on 1 to 20,000 characters. Select a part of the text.',
    'Gumagana ang tulong sa 1 hanggang 20,000 karakter. Pumili ng bahagi ng teksto.',
  ],
  'rule.materialIds': [
    'One of the chosen materials has been deleted. Choose again.',
    'Nabura na ang isa sa mga napiling aralin. Pumili muli.',
  ],
  'rule.message': [
    'A message has 1 to 32,000 characters.',
    'May 1 hanggang 32,000 karakter ang isang mensahe.',
  ],
  'rule.name': [
    'A name has 1 to 80 characters in one line.',
    'May 1 hanggang 80 karakter sa isang linya ang pangalan.',
  ],
  'rule.search': [
    'A search has at most 500 characters.',
    'Hanggang 500 karakter lang ang hinahanap.',
  ],
  'rule.taken': ['You already have one with this name.', 'Mayroon ka nang ganitong pangalan.'],
  'rule.title': [
    'A title has 1 to 200 characters in one line.',
    'May 1 hanggang 200 karakter sa isang linya ang pamagat.',
  ],
} as const;
