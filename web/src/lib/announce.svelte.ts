class Announcer {
  text = $state('');

  /** Says `text` to a screen reader, politely. The same text twice is said twice. */
  say(text: string): void {
    this.text = '';
    setTimeout(() => (this.text = text), 50);
  }
}

export const announcer = new Announcer();
