import type { Shot } from "./load.ts";

/** One way from a client to the upstream, running and ready for load. */
export type Candidate = {
  name: string;
  /** What is sent for a request, streamed or not. */
  shot: Shot;
  /** The process whose CPU and memory are its cost, with its descendants. */
  pid: number;
  /** Other processes that work for it, whose CPU is told apart: for Slipway its database. */
  helpers: { name: string; pid: number }[];
  stop(): Promise<void>;
};

/** What a candidate is started with. */
export type Setup = {
  upstreamPort: number;
  /** Cores of the candidate, for `pinned`. */
  cores: string | undefined;
  /** Cores of everything that is not under test. */
  restCores: string | undefined;
  /** The body that is sent. */
  body: string;
  /** Whether the body asks for a stream. */
  stream: boolean;
  /** Flags for a candidate's Node, where it is one. */
  nodeFlags?: readonly string[];
  /** Its database runs only when nobody else wants its cores. */
  databaseGivesWay?: boolean;
  /** The first module of Slipway's server, where it is not the one that is built. */
  entry?: string;
  /** Slipway is given no limits and no budget. */
  unlimited?: boolean;
  /** What Slipway is set besides. */
  env?: Readonly<Record<string, string>>;
  /** What it is called, where it is one of several. */
  name?: string;
};

/** A candidate, or why it cannot run here and what to type. */
export type Started = Candidate | { name: string; missing: string };
