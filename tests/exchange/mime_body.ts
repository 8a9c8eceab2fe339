import { isBodyLeaf } from "./mime_attachments.ts";
import { parametersOf } from "./mime_header.ts";
import { contentOf, leavesOf, type MimeLeaf } from "./mime_leaves.ts";
import type { MimeSource } from "./mime_source.ts";

/** What a client wants a body as; `Best` is HTML if there is HTML (BodyTypeResponseType). */
export type WantedBody = "Best" | "HTML" | "Text";

export interface ItemBody {
  readonly type: "HTML" | "Text";
  readonly text: string;
}

/** Bodies come first in an email: beyond this is attachment. */
const SEARCHED_BYTES_MAX = 512 * 1024;

/** The body of an email in the form asked for, made from the other where there is only that. */
export function bodyOf(mime: MimeSource | undefined, wanted: WantedBody): ItemBody {
  const leaves = mime ? leavesOf(mime, SEARCHED_BYTES_MAX).filter(isBodyLeaf) : [];
  const html = textOf(leaves.find((leaf) => leaf.type === "text/html"));
  const plain = textOf(leaves.find((leaf) => leaf.type === "text/plain"));
  if (wanted === "Text") return { type: "Text", text: plain ?? withoutTags(html ?? "") };
  if (html !== undefined) return { type: "HTML", text: html };
  if (wanted === "Best") return { type: "Text", text: plain ?? "" };
  return { type: "HTML", text: `<html><body><pre>${asHtml(plain ?? "")}</pre></body></html>` };
}

function textOf(leaf: MimeLeaf | undefined): string | undefined {
  if (!leaf) return undefined;
  const { parameters } = parametersOf(leaf.header.get("content-type") ?? "");
  return decoderFor(parameters.get("charset")).decode(contentOf(leaf));
}

function decoderFor(charset: string | undefined): TextDecoder {
  try {
    return new TextDecoder(charset ?? "utf-8");
  } catch {
    return new TextDecoder("windows-1252"); // real mail names charsets that never existed
  }
}

function withoutTags(html: string): string {
  return html
    .replace(/<(script|style)\b[^]*?<\/\1\s*>/gi, "")
    .replace(/<(br|\/p|\/div|\/tr)\b[^>]*>/gi, "\r\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");
}

function asHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
