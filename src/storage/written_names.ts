import { dirname } from "node:path";
import { LIMITS } from "../core/limits.ts";

/** A power of two. */
const CAPACITY_MIN = 1024;
/** The least that is kept free, so that a search ends soon. */
const LOAD_MAX = 0.6;

/**
 * What has been written into folders that this process made: in such a folder nothing else can be,
 * while this process alone may write there. So a first sync need not ask the file system about every
 * email whether it is there. It errs on one side only: what it calls absent is absent.
 *
 * Some seven bytes a name. Beyond `LIMITS.writtenNamesMax` it forgets everything, and the file system
 * is asked about folders made before.
 */
export class WrittenNames {
  readonly #folders = new Set<string>();
  /** Digests of paths, by open addressing; zero is a free place. */
  #digests = new Uint32Array(CAPACITY_MIN);
  #size = 0;

  /** A folder was made, and was not there before. */
  made(folder: string): void {
    if (this.#folders.size >= LIMITS.knownFoldersMax) this.#forget();
    this.#folders.add(folder);
  }

  /** Another may have written below the folder. */
  doubt(folder: string): void {
    const below = `${folder}/`;
    for (const made of this.#folders) if (`${made}/`.startsWith(below)) this.#folders.delete(made);
  }

  /** To be called before there is such a file. */
  writing(path: string): void {
    if (!this.#folders.has(dirname(path))) return;
    if (this.#size >= LIMITS.writtenNamesMax) return this.#forget();
    if (this.#size >= this.#digests.length * LOAD_MAX) this.#grow();
    this.#insert(digestOf(path));
  }

  /** Whether there is no such file for certain. */
  isAbsent(path: string): boolean {
    return this.#folders.has(dirname(path)) && this.#digests[this.#placeOf(digestOf(path))] === 0;
  }

  #forget(): void {
    this.#folders.clear();
    this.#digests = new Uint32Array(CAPACITY_MIN);
    this.#size = 0;
  }

  #grow(): void {
    const before = this.#digests;
    this.#digests = new Uint32Array(before.length * 2);
    this.#size = 0;
    for (const digest of before) if (digest !== 0) this.#insert(digest);
  }

  #insert(digest: number): void {
    const place = this.#placeOf(digest);
    if (this.#digests[place] === 0) this.#size++;
    this.#digests[place] = digest;
  }

  /** Where the digest is, or the free place where it belongs. */
  #placeOf(digest: number): number {
    const mask = this.#digests.length - 1;
    let place = digest & mask;
    while (this.#digests[place] !== 0 && this.#digests[place] !== digest) place = place + 1 & mask;
    return place;
  }
}

/** FNV-1a, which is never zero here: two paths of one digest only cost a look at the file system. */
function digestOf(path: string): number {
  let digest = 0x811c9dc5;
  for (let at = 0; at < path.length; at++) {
    digest = Math.imul(digest ^ path.charCodeAt(at), 0x01000193);
  }
  return digest >>> 0 || 1;
}
