/** The part of the catalogue (messages.ts) about files and why they cannot be read: English, Filipino. */
export const files = {
  'file.beingRead': [
    'This file is being read. Its text will be here in a moment.',
    'Binabasa pa ang file na ito. Makikita rito ang teksto maya-maya.',
  ],
  'file.isRead': ['{name} has been read.', 'Nabasa na ang {name}.'],
  'file.readAgain': ['Read it again', 'Basahin muli'],
  'file.reading': ['reading…', 'binabasa…'],

  'file.beingFetched': [
    'This page is being fetched and read. Its text will be here in a moment.',
    'Kinukuha at binabasa pa ang pahinang ito. Makikita rito ang teksto maya-maya.',
  ],
  'file.fetchAgain': ['Fetch it again', 'Kunin muli'],
  'file.fetched': ['fetched {date}', 'kinuha noong {date}'],
  'file.fetching': ['fetching…', 'kinukuha…'],

  'page.add': ['Web page', 'Web page'],
  'page.address': ['Address of the page', 'Address ng pahina'],
  'page.addressHint': [
    'The server fetches the page once and keeps it here. Pages that want a sign-in cannot be fetched.',
    'Kukunin ng server ang pahina nang isang beses at itatago rito. Hindi makukuha ang pahinang may sign-in.',
  ],
  'page.addressRule': [
    'This is not the address of a page on the public internet, such as https://example.org/page.',
    'Hindi ito address ng pahina sa pampublikong internet, gaya ng https://example.org/page.',
  ],
  'page.fetch': ['Fetch', 'Kunin'],

  'fault.page-empty': ['The site sent an empty page.', 'Walang laman ang ipinadala ng site.'],
  'fault.page-forbidden': [
    'The address does not lead to a page of the public internet.',
    'Hindi papunta sa pahina ng pampublikong internet ang address.',
  ],
  'fault.page-missing': [
    'The site has no such page. Check the address.',
    'Walang ganitong pahina sa site. Suriin ang address.',
  ],
  'fault.page-redirects': [
    'The address leads on and on, and never to a page.',
    'Paikot-ikot ang address at hindi umaabot sa pahina.',
  ],
  'fault.page-refused': [
    'The site does not hand this page out. Save it from your browser, and upload the file.',
    'Hindi ibinibigay ng site ang pahinang ito. I-save ito mula sa browser, at i-upload ang file.',
  ],
  'fault.page-storage': [
    'Your room for files is used up. Delete files you no longer need.',
    'Puno na ang espasyo mo para sa mga file. Burahin ang mga hindi na kailangan.',
  ],
  'fault.page-too-large': [
    'The page has more than 20 MB, which is more than is fetched.',
    'Lampas sa 20 MB ang pahina, higit sa kinukuha ng server.',
  ],
  'fault.page-too-slow': [
    'The site took longer than 20 seconds. Try again later.',
    'Lumampas sa 20 segundo ang site. Subukan muli mamaya.',
  ],
  'fault.page-type': [
    'What stands at this address cannot be read: it is neither a page nor a document.',
    'Hindi mababasa ang nasa address na ito: hindi ito pahina o dokumento.',
  ],
  'fault.page-unreachable': [
    'The site cannot be reached. Check the address, and try again.',
    'Hindi maabot ang site. Suriin ang address, at subukan muli.',
  ],
  'fault.damaged': [
    'The file is damaged. Open it, save it again and bring that.',
    'Sira ang file. Buksan, i-save muli, at iyon ang dalhin.',
  ],
  'fault.empty': ['The file holds no text that can be read.', 'Walang mabasang teksto sa file.'],
  'fault.mismatch': [
    'The file is not what its name says. Bring it again under its right name.',
    'Hindi tugma ang file sa pangalan nito. Dalhin muli ito sa tamang pangalan.',
  ],
  'fault.missing-reader': [
    'The server lacks a program for such files. Tell your administrator.',
    'Kulang ang server ng programa para sa ganitong file. Sabihin sa iyong administrator.',
  ],
  'fault.protected': [
    'The file is protected by a password, or of an old kind. Save it without one, as .docx, .pptx, .xlsx or .pdf.',
    'May password ang file, o lumang uri ito. I-save nang walang password bilang .docx, .pptx, .xlsx o .pdf.',
  ],
  'fault.server': [
    'The file could not be read for a reason that lies with the server. Try again later.',
    'Hindi nabasa ang file dahil sa server. Subukan muli mamaya.',
  ],
  'fault.too-large': [
    'The file holds more than can be read. Split it into parts.',
    'Sobrang dami ng laman ng file. Hatiin ito.',
  ],
  'fault.too-slow': [
    'The file takes too long to read. Split it into parts.',
    'Sobrang tagal basahin ng file. Hatiin ito.',
  ],
} as const;
