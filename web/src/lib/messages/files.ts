/** The part of the catalogue (messages.ts) about files and why they cannot be read: English, Filipino. */
export const files = {
  'file.beingRead': [
    'This file is being read. Its text will be here in a moment.',
    'Binabasa pa ang file na ito. Makikita rito ang teksto maya-maya.',
  ],
  'file.isRead': ['{name} has been read.', 'Nabasa na ang {name}.'],
  'file.readAgain': ['Read it again', 'Basahin muli'],
  'file.reading': ['reading…', 'binabasa…'],

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
