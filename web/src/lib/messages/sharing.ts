/** The part of the catalogue (messages.ts) about sharing that other screens need: English, Filipino. */
export const sharing = {
  'shared.title': ['Shared with me', 'Ibinahagi sa akin'],
} as const;
