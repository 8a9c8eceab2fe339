/** Commands as our documents show them, so that tests run the very text a reader copies. */

const DOCS = new URL("../../docs/", import.meta.url);

/** A block of commands in a document. */
export interface CommandBlock {
  /** Language of the block: `sh` or `powershell`. */
  readonly language: string;
  /** From the comment `<!-- test: NAME -->` above; absent: no test runs it. */
  readonly name?: string;
  readonly text: string;
}

/** In a list, blocks are indented. */
const BLOCK = /(?:<!-- test: ([^>]+?) -->\n+)?^( *)```(sh|powershell)\n(.*?)^ *```$/gms;

/** The blocks of commands of a document, in its order. */
export function commandBlocks(markdown: string): readonly CommandBlock[] {
  return [...markdown.matchAll(BLOCK)].map(([, name, indent, language, text]) => ({
    language: language!,
    text: text!.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    ...(name === undefined ? {} : { name }),
  }));
}

/**
 * The commands that `docs/DOCUMENT` shows under a name, with our values in the place of its examples.
 * Throws if there are none, and if an example does not occur: the text would not be what is tested.
 */
export async function documentedCommands(
  document: string,
  name: string,
  examples: Readonly<Record<string, string>> = {},
): Promise<string> {
  const blocks = commandBlocks(await Deno.readTextFile(new URL(document, DOCS)));
  const block = blocks.find((block) => block.name === name);
  if (block === undefined) throw new Error(`docs/${document} has no commands "${name}"`);
  return Object.entries(examples).reduce((text, [example, value]) => {
    if (!text.includes(example)) throw new Error(`docs/${document}: no "${example}" in "${name}"`);
    return text.replaceAll(example, value);
  }, block.text);
}
