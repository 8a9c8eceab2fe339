/** What stat(2) says of who may use a file or folder. `null` where the system does not tell. */
export interface FileAccess {
  readonly uid: number | null;
  readonly mode: number | null;
}

/** What is asked of the operating system. */
export interface AccessQuestions {
  /** Rejects where there is nothing, or where one may not look. */
  stat(path: string): Promise<FileAccess>;
  /** The user this program runs as; `null` where the system has no such numbers. */
  uid(): number | null;
}

/** Why the operating system refuses something, in words for an operator. */
export interface DeniedAccess {
  /** The file or folder that stands in the way. */
  readonly path: string;
  /** One clause without a full stop: whose it is, and who we are. */
  readonly reason: string;
  /** The user this program runs as. */
  readonly uid: number;
}

/**
 * Finds what stands in the way of access to `path`, an absolute path or one relative to the working
 * directory: what is there or, where nothing is yet, the folder it would be made in. Undefined where
 * it is not the owner, or where the system does not tell.
 */
export async function deniedAccess(
  path: string,
  system: AccessQuestions,
): Promise<DeniedAccess | undefined> {
  const uid = system.uid();
  const nearest = uid === null ? undefined : await nearestOf(path, system);
  if (uid === null || nearest === undefined) return undefined;
  // What is ours may lie in a folder that is not: then the folder is the one to change.
  const above = nearest.uid === uid ? await lookAt(parentOf(nearest.path), system) : undefined;
  const culprit = above !== undefined && above.uid !== uid ? above : nearest;
  if (culprit.uid === uid) return undefined;
  const mode = (culprit.mode ?? 0) & 0o7777;
  const owner = `belongs to uid ${culprit.uid} with mode ${mode.toString(8).padStart(4, "0")}`;
  return {
    path: culprit.path,
    reason: `"${culprit.path}" ${owner}, and this program runs as uid ${uid}`,
    uid,
  };
}

interface Seen extends FileAccess {
  readonly path: string;
}

/** The deepest of a path and the folders above it that one may look at. */
async function nearestOf(path: string, system: AccessQuestions): Promise<Seen | undefined> {
  for (let at = path;; at = parentOf(at)) {
    const seen = await lookAt(at, system);
    if (seen !== undefined || at === parentOf(at)) return seen;
  }
}

async function lookAt(path: string, system: AccessQuestions): Promise<Seen | undefined> {
  try {
    const { uid, mode } = await system.stat(path);
    return { path, uid, mode };
  } catch {
    return undefined; // not there, or behind what is in the way
  }
}

function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  if (end < 0) return ".";
  return path.slice(0, end) || "/";
}
