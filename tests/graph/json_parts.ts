import type { AnswerPart, MimePart } from "../exchange/answer_bytes.ts";

/** A value of an answer. Content stands at its place and becomes base64 as the answer is sent. */
export type Json = string | number | boolean | null | undefined | MimePart | JsonList | JsonObject;
type JsonList = readonly Json[];

/** Members that are undefined are left out. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** A value as JSON text, with the contents in it still to be read. */
export function jsonParts(value: Json): readonly AnswerPart[] {
  const writer = new JsonWriter();
  writer.write(value);
  return writer.end();
}

class JsonWriter {
  readonly #parts: AnswerPart[] = [];
  #text = "";

  write(value: Json): void {
    if (value === null || typeof value !== "object") this.#text += JSON.stringify(value ?? null);
    else if (isContent(value)) this.#writeContent(value);
    else if (isList(value)) this.#writeList(value);
    else this.#writeObject(value);
  }

  end(): readonly AnswerPart[] {
    return [...this.#parts, this.#text];
  }

  #writeContent(content: MimePart): void {
    this.#parts.push(`${this.#text}"`, content);
    this.#text = '"';
  }

  #writeList(list: JsonList): void {
    this.#text += "[";
    for (const [index, value] of list.entries()) {
      if (index > 0) this.#text += ",";
      this.write(value);
    }
    this.#text += "]";
  }

  #writeObject(object: JsonObject): void {
    let separator = "{";
    for (const [name, value] of Object.entries(object)) {
      if (value === undefined) continue;
      this.#text += `${separator}${JSON.stringify(name)}:`;
      this.write(value);
      separator = ",";
    }
    this.#text += separator === "{" ? "{}" : "}";
  }
}

function isList(value: object): value is JsonList {
  return Array.isArray(value);
}

function isContent(value: object): value is MimePart {
  return "mime" in value && typeof value.mime === "object";
}
