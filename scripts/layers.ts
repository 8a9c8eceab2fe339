/** Fails if an import crosses the tables of `layer_table.ts`, or if files import in a circle. */
import { type ImportEdge, isTestFile, readImports } from "./import_graph.ts";
import { LAYERS, PACKAGES } from "./layer_table.ts";

/** One sentence for every import that breaks a rule, in the order of the imports. */
export function brokenRules(imports: readonly ImportEdge[]): readonly string[] {
  const broken = imports.flatMap((edge) => {
    const why = brokenRule(edge);
    return why === undefined ? [] : [`${edge.from} imports ${edge.to}: ${why}`];
  });
  const circle = firstCircle(imports);
  return circle === undefined ? broken : [...broken, `Circle: ${circle.join(" → ")}`];
}

function brokenRule(edge: ImportEdge): string | undefined {
  const rule = LAYERS.find(({ layer }) => isIn(edge.from, layer));
  if (rule === undefined) return "no rule of layer_table.ts covers this folder";
  if (edge.to.startsWith("node:")) {
    if (rule.builtIns === undefined || rule.builtIns.includes(edge.to)) return undefined;
    return `${rule.layer} may not use this built-in`;
  }
  if (!isOurs(edge.to)) return brokenPackageRule(edge);
  if (isTestFile(edge.to)) return "the program may not use test files";
  if (isIn(edge.to, rule.layer) || rule.mayImport.some((layer) => isIn(edge.to, layer))) {
    return undefined;
  }
  if (!rule.mayImportTypesOf.includes(edge.to)) return `${rule.layer} may not know this layer`;
  return edge.typeOnly ? undefined : `${rule.layer} may import its types only`;
}

function brokenPackageRule(edge: ImportEdge): string | undefined {
  const rule = PACKAGES.find((candidate) => candidate.package === edge.to);
  if (rule === undefined) return "not a package of the program";
  if (rule.onlyIn.some((place) => isIn(edge.from, place))) return undefined;
  if (edge.typeOnly && rule.typesOnlyIn.includes(edge.from)) return undefined;
  return `only ${rule.onlyIn.join(", ")} may use this package`;
}

/** Whether `path` is the file `place`, or below the folder `place`. */
function isIn(path: string, place: string): boolean {
  return place.endsWith("/") ? path.startsWith(place) : path === place;
}

/** Whether `target` is a file of this repository, and not the name of a package. */
function isOurs(target: string): boolean {
  return target.endsWith(".ts") || target.endsWith(".json");
}

/** Files that import each other in a circle, the first one again at the end. */
function firstCircle(imports: readonly ImportEdge[]): readonly string[] | undefined {
  const importsOf = Map.groupBy(imports, (edge) => edge.from);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { to } of importsOf.get(file) ?? []) {
      const circle = visit(to, [...path, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of importsOf.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

if (import.meta.main) {
  try {
    const imports = await readImports(new URL("..", import.meta.url).pathname);
    const broken = brokenRules(imports);
    for (const sentence of broken) console.error(sentence);
    console.error(`layers: ${imports.length} imports, ${broken.length} broken rules`);
    if (broken.length > 0) Deno.exit(1);
  } catch (error) {
    console.error(`layers: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
