/**
 * House rules that Deno's own lint rules do not know. Each is a decision of CONTRIBUTING.md that a
 * machine can check; `deno lint` runs them in editors too.
 */
import { relative } from "node:path";
import { isTestFile } from "./import_graph.ts";

/** Places that may read the clock and the dice, and reach the console and the environment. */
const EFFECT_PLACES = [
  "main.ts",
  "src/app/",
  "src/http/",
  "src/page/main.ts",
  "src/runtime/",
  "src/storage/",
] as const;

/** A function must fit on a screen; most have 10 to 20 lines. */
const FUNCTION_LINES_MAX = 70;

/** Globals that are an effect when called. */
const AMBIENT_FUNCTIONS: ReadonlySet<string> = new Set([
  "fetch",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** `object.member` that is an effect; `*` stands for every member. */
const AMBIENT_MEMBERS: ReadonlySet<string> = new Set([
  "AbortSignal.timeout",
  "Date.now",
  "Deno.env",
  "Deno.exit",
  "Math.random",
  "console.*",
  "crypto.getRandomValues",
  "crypto.randomUUID",
  "performance.now",
  "process.*",
]);

/** File names that say nothing about the one thing a file holds. */
const VAGUE_FILE_NAME =
  /(?:^|\/)(?:index|utils?|helpers?|common|misc|types|constants|manager)(?:_test)?\.tsx?$/;

const noAmbientEffects: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (!path.startsWith("src/") && path !== "main.ts") return {};
    if (isTestFile(path) || isIn(path, EFFECT_PLACES)) return {};
    const report = (node: Deno.lint.Node, effect: string): void =>
      context.report({
        node,
        message: `${effect} is an effect that tests cannot control`,
        hint: "Take a Clock, an Entropy, a Logger or a signal as a parameter (src/core/env.ts)",
      });
    return {
      CallExpression(node) {
        const name = nameOf(node.callee);
        if (name !== undefined && AMBIENT_FUNCTIONS.has(name)) report(node, `${name}()`);
      },
      MemberExpression(node) {
        const name = memberName(node);
        if (name !== undefined) report(node, name);
      },
      NewExpression(node) {
        if (nameOf(node.callee) === "Date" && node.arguments.length === 0) {
          report(node, "new Date()");
        }
      },
    };
  },
};

const maxFunctionLines: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    if (!path.startsWith("src/") || isTestFile(path)) return {};
    const check = (node: Deno.lint.Node): void => {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines <= FUNCTION_LINES_MAX) return;
      context.report({
        node,
        message: `This function has ${lines} lines; at most ${FUNCTION_LINES_MAX} are allowed`,
        hint: "Let the parent decide and move the loops into functions of their own",
      });
    };
    return {
      ArrowFunctionExpression: check,
      FunctionDeclaration: check,
      FunctionExpression: check,
    };
  },
};

const noDefaultExport: Deno.lint.Rule = {
  create(context) {
    // Deno takes a plugin as a default export and in no other way.
    if (pathOf(context) === "scripts/lint_plugin.ts") return {};
    return {
      ExportDefaultDeclaration(node) {
        context.report({ node, message: "A default export has no name to search for" });
      },
    };
  },
};

const noVagueFileName: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        if (!VAGUE_FILE_NAME.test(pathOf(context))) return;
        context.report({ node, message: "A file is named after the one thing it holds" });
      },
    };
  },
};

const todoNeedsIssue: Deno.lint.Rule = {
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          if (!/\b(?:TODO|FIXME|XXX)\b(?!\(#\d+\))/.test(comment.value)) continue;
          context.report({
            range: comment.range,
            message: "Work that is left names its issue: TODO(#123)",
          });
        }
      },
    };
  },
};

function pathOf(context: Deno.lint.RuleContext): string {
  return relative(new URL("..", import.meta.url).pathname, context.filename);
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => place.endsWith("/") ? path.startsWith(place) : path === place);
}

/** `fetch` and `globalThis.fetch` are one thing. */
function nameOf(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  const isGlobal = node.object.type === "Identifier" && node.object.name === "globalThis";
  return isGlobal && node.property.type === "Identifier" ? node.property.name : undefined;
}

/** The forbidden `object.member` that this node is, if it is one. */
function memberName(node: Deno.lint.MemberExpression): string | undefined {
  const object = nameOf(node.object);
  if (object === undefined || node.property.type !== "Identifier") return undefined;
  const name = `${object}.${node.property.name}`;
  return AMBIENT_MEMBERS.has(name) || AMBIENT_MEMBERS.has(`${object}.*`) ? name : undefined;
}

const plugin: Deno.lint.Plugin = {
  name: "reinfer-ews",
  rules: {
    "no-ambient-effects": noAmbientEffects,
    "max-function-lines": maxFunctionLines,
    "no-default-export": noDefaultExport,
    "no-vague-file-name": noVagueFileName,
    "todo-needs-issue": todoNeedsIssue,
  },
};

export default plugin;
