/** The part of the catalogue (messages.ts) about originals shown beside their text: English, Filipino. */
export const originals = {
  'original.fails': [
    'The original cannot be shown here. This is its text.',
    'Hindi maipakita rito ang orihinal. Ito ang teksto nito.',
  ],
  'original.next': ['Next page', 'Susunod na pahina'],
  'original.notMarked': [
    'The passage could not be marked on this page. It is marked in the text.',
    'Hindi nalagyan ng tanda ang sipi sa pahinang ito. May tanda ito sa teksto.',
  ],
  'original.of': ['of {all}', 'sa {all}'],
  'original.page': ['Page', 'Pahina'],
  'original.pageOf': [
    'Page {n} of {name}, as a picture; its text follows',
    'Larawan ng pahina {n} ng {name}; kasunod ang teksto nito',
  ],
  'original.picture': [
    'The picture {name}; its recognised text follows',
    'Ang larawang {name}; kasunod ang nabasang teksto nito',
  ],
  'original.previous': ['Previous page', 'Naunang pahina'],
  'original.show': ['Show the pages ({size})', 'Ipakita ang mga pahina ({size})'],
  'original.text': ['Text', 'Teksto'],
  'original.title': ['Original', 'Orihinal'],
  'original.toPassage': ['To the passage', 'Sa sipi'],
  'original.zoomIn': ['Larger', 'Palakihin'],
  'original.zoomOut': ['Smaller', 'Paliitin'],
} as const;
