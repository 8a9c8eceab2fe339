/** What one folder of `src/` (or `main.ts`) may import. Paths are relative to the repository. */
export interface LayerRule {
  /** A folder of `src/` with a final slash, or one file. */
  readonly layer: string;
  /** Folders (with a final slash) and files of this repository, besides the layer itself. */
  readonly mayImport: readonly string[];
  /** Files of which only the types may be imported. */
  readonly mayImportTypesOf: readonly string[];
  /** Node built-ins, e.g. `node:crypto`; absent: any. */
  readonly builtIns?: readonly string[];
}

/** Where one npm package may be imported, so that replacing it means editing one file. */
export interface PackageRule {
  readonly package: string;
  /** Files, or folders with a final slash. */
  readonly onlyIn: readonly string[];
  /** Files that may import its types and nothing else. */
  readonly typesOnlyIn: readonly string[];
}

/**
 * Who may import whom. Everything points at `core/`, which knows nobody; only `app/` knows all.
 * What is not listed is forbidden, a new folder of `src/` included. Tests are free.
 */
export const LAYERS: readonly LayerRule[] = [
  { layer: "src/core/", mayImport: [], mayImportTypesOf: [], builtIns: ["node:crypto"] },
  {
    layer: "src/sync/",
    mayImport: ["src/core/"],
    mayImportTypesOf: [],
    builtIns: ["node:crypto"],
  },
  {
    layer: "src/http/",
    mayImport: ["src/core/"],
    mayImportTypesOf: [],
  },
  {
    // What sources share: listing, settling, throttling, rebuilding, over whatever protocol.
    layer: "src/source/",
    mayImport: ["src/core/"],
    mayImportTypesOf: ["src/http/transport.ts"],
    builtIns: ["node:crypto", "node:buffer"],
  },
  {
    layer: "src/ews/",
    mayImport: ["src/core/", "src/source/"],
    mayImportTypesOf: ["src/http/transport.ts"],
  },
  {
    layer: "src/graph/",
    mayImport: ["src/core/", "src/source/"],
    mayImportTypesOf: ["src/http/transport.ts"],
  },
  { layer: "src/storage/", mayImport: ["src/core/"], mayImportTypesOf: [] },
  {
    // A destination: the object sink and states of storage over a store of its own, reached through
    // the connections, proxies and tokens of http.
    layer: "src/azure/",
    mayImport: ["src/core/", "src/storage/", "src/http/"],
    mayImportTypesOf: [],
  },
  {
    // A destination: the platform's API over the connections of http, with the queues and the states
    // on disk of storage.
    layer: "src/platform/",
    mayImport: ["src/core/", "src/http/", "src/storage/"],
    mayImportTypesOf: [],
    builtIns: ["node:crypto"],
  },
  { layer: "src/config/", mayImport: ["src/core/"], mayImportTypesOf: [] },
  { layer: "src/runtime/", mayImport: ["src/core/"], mayImportTypesOf: [] },
  {
    // Watches from outside: nothing below knows that it is there.
    layer: "src/status/",
    mayImport: ["src/core/", "src/config/printable.ts"],
    mayImportTypesOf: [],
  },
  {
    // The status page in the browser.
    layer: "src/page/",
    mayImport: ["src/config/printable.ts"],
    mayImportTypesOf: ["src/status/status_document.ts"],
    builtIns: [],
  },
  {
    layer: "src/app/",
    mayImport: [
      "src/core/",
      "src/sync/",
      "src/http/",
      "src/ews/",
      "src/graph/",
      "src/storage/",
      "src/azure/",
      "src/platform/",
      "src/config/",
      "src/runtime/",
      "src/status/",
    ],
    mayImportTypesOf: [],
  },
  { layer: "main.ts", mayImport: ["src/app/"], mayImportTypesOf: [] },
];

/** The npm packages of the program. Any other is for development, and `src/` may not import it. */
export const PACKAGES: readonly PackageRule[] = [
  { package: "@azure/msal-node", onlyIn: ["src/http/msal_tokens.ts"], typesOnlyIn: [] },
  {
    package: "@azure/storage-blob",
    onlyIn: ["src/azure/container_client.ts"],
    typesOnlyIn: [
      "src/azure/blob_container.ts",
      "src/azure/blob_http_client.ts",
      "src/azure/blob_service.ts",
      "src/azure/container_calls.ts",
    ],
  },
  { package: "prom-client", onlyIn: ["src/status/metrics.ts"], typesOnlyIn: [] },
  {
    package: "undici",
    onlyIn: ["src/http/connection.ts"],
    typesOnlyIn: ["src/http/network_error.ts"],
  },
  {
    package: "zod",
    onlyIn: ["src/config/", "src/storage/", "src/platform/", "src/graph/"],
    typesOnlyIn: [],
  },
];
