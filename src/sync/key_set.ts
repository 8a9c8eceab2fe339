const WORDS_PER_KEY = 4;
const CAPACITY_MIN = 1024;
/** The least that is kept free, so that a search ends soon. */
const LOAD_MAX = 0.6;

/**
 * Storage keys (`storageKeyOf`) of one mailbox and whether each was seen: 17 bytes for each of them
 * and as much free, where a `Set` of strings would take a hundred.
 */
export class KeySet {
  #words = new Uint32Array(CAPACITY_MIN * WORDS_PER_KEY);
  /** 0: free, 1: held, 2: held and seen. */
  #marks = new Uint8Array(CAPACITY_MIN);
  #size = 0;
  #seen = 0;

  get size(): number {
    return this.#size;
  }

  /** How many keys were seen. */
  get seen(): number {
    return this.#seen;
  }

  add(key: string): void {
    if (this.#size >= this.#marks.length * LOAD_MAX) this.#grow();
    this.#insert(wordsOf(key), 1);
  }

  has(key: string): boolean {
    return this.#marks[this.#slotOf(wordsOf(key))] !== 0;
  }

  /** Notes that a key was seen; false if it is not held. */
  see(key: string): boolean {
    const slot = this.#slotOf(wordsOf(key));
    if (this.#marks[slot] === 1) {
      this.#marks[slot] = 2;
      this.#seen++;
    }
    return this.#marks[slot] !== 0;
  }

  #insert(words: Uint32Array, mark: number): void {
    const slot = this.#slotOf(words);
    if (this.#marks[slot] !== 0) return;
    this.#words.set(words, slot * WORDS_PER_KEY);
    this.#marks[slot] = mark;
    this.#size++;
  }

  /** Where the key is, or the free place where it belongs: open addressing, a key is its own hash. */
  #slotOf(words: Uint32Array): number {
    const capacity = this.#marks.length;
    let slot = words[0]! % capacity;
    while (this.#marks[slot] !== 0 && !this.#isAt(slot, words)) slot = (slot + 1) % capacity;
    return slot;
  }

  #isAt(slot: number, words: Uint32Array): boolean {
    const start = slot * WORDS_PER_KEY;
    return words.every((word, at) => this.#words[start + at] === word);
  }

  #grow(): void {
    const [words, marks] = [this.#words, this.#marks];
    this.#words = new Uint32Array(words.length * 2);
    this.#marks = new Uint8Array(marks.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < marks.length; slot++) {
      if (marks[slot] === 0) continue;
      const start = slot * WORDS_PER_KEY;
      this.#insert(words.subarray(start, start + WORDS_PER_KEY), marks[slot]!);
    }
  }
}

function wordsOf(key: string): Uint32Array {
  const words = new Uint32Array(WORDS_PER_KEY);
  for (let at = 0; at < WORDS_PER_KEY; at++) {
    words[at] = Number.parseInt(key.slice(at * 8, at * 8 + 8), 16);
  }
  return words;
}
