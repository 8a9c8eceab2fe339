/** Values of `RequestServerVersion`, oldest first; later ones include earlier ones. */
export const SCHEMA_VERSIONS = [
  "Exchange2007",
  "Exchange2007_SP1",
  "Exchange2010",
  "Exchange2010_SP1",
  "Exchange2010_SP2",
  "Exchange2013",
  "Exchange2013_SP1",
  "Exchange2016",
  "V2015_10_05",
  "V2016_01_06",
  "V2016_04_13",
  "V2016_07_13",
  "V2016_10_10",
  "V2017_01_07",
  "V2017_04_14",
  "V2017_07_11",
  "V2018_01_08",
] as const;

export type SchemaVersion = typeof SCHEMA_VERSIONS[number];

/** The products the simulator can be, by what they say of themselves. */
export type ServerProduct =
  | "Exchange2010"
  | "Exchange2013"
  | "Exchange2016"
  | "Exchange2019"
  | "ExchangeOnline";

interface ServerProfile {
  /** Major, minor, major build, minor build. */
  readonly build: readonly [number, number, number, number];
  /** As `ServerVersionInfo` has it: not always a name any schema lists. */
  readonly stated: string;
  /** The newest schema the server knows. */
  readonly newest: SchemaVersion;
}

export const SERVER_PROFILES: Readonly<Record<ServerProduct, ServerProfile>> = {
  Exchange2010: {
    build: [14, 3, 513, 0],
    stated: "Exchange2010_SP2",
    newest: "Exchange2010_SP2",
  },
  Exchange2013: { build: [15, 0, 1497, 48], stated: "V2_23", newest: "Exchange2013_SP1" },
  Exchange2016: { build: [15, 1, 2507, 39], stated: "V2017_07_11", newest: "V2017_07_11" },
  Exchange2019: { build: [15, 2, 1748, 10], stated: "V2017_07_11", newest: "V2017_07_11" },
  ExchangeOnline: { build: [15, 20, 8534, 31], stated: "V2018_01_08", newest: "V2018_01_08" },
};

export function isSchemaVersion(text: string): text is SchemaVersion {
  return (SCHEMA_VERSIONS as readonly string[]).includes(text);
}

export function isNewer(version: SchemaVersion, than: SchemaVersion): boolean {
  return SCHEMA_VERSIONS.indexOf(version) > SCHEMA_VERSIONS.indexOf(than);
}

/** The schema one request is read against. */
export interface RequestSchema {
  /** What the request says it is written for. */
  readonly requested: SchemaVersion;
  /** What the server could read at most. */
  readonly newest: SchemaVersion;
}
