/** One row of the table in docs/metrics.md. */
export interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The metrics that docs/metrics.md documents. */
export async function documentedMetrics(): Promise<readonly DocumentedMetric[]> {
  const text = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  return text.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [, name = "", type = "", labels = ""] = line.split("|").map((cell) => cell.trim());
    return { name: unquoted(name), type, labels: labels.split(",").map(unquoted).filter(Boolean) };
  });
}

function unquoted(text: string): string {
  return text.trim().replaceAll("`", "");
}

/** Names of ours in a PromQL expression; those of a histogram's parts are the histogram's. */
export function metricsIn(expression: string): readonly string[] {
  const names = expression.match(/\b(?:reinfer_ews|process)_\w+/g) ?? [];
  return names.map((name) => name.replace(/_seconds_bucket$/, "_seconds"));
}
