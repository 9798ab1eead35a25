import { z } from "zod";
import { durationMs } from "./duration.ts";

// Quantities as Kubernetes writes them (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/), the part that people use.
const MEMORY = /^([1-9]\d{0,6})(Mi|Gi|Ti)$/;
const MEBIBYTES: Readonly<Record<string, number>> = { Mi: 1, Gi: 1024, Ti: 1024 * 1024 };
const MILLICORES = /^([1-9]\d{0,5})m$/;

/** Mebibytes of a quantity such as `512Mi`; NaN for anything else. */
export function mebibytes(text: string): number {
  const [, count, unit] = MEMORY.exec(text) ?? [];
  return Number(count) * (MEBIBYTES[unit ?? ""] ?? Number.NaN);
}

/** Thousandths of a core of `0.5`, `2` or `500m`. */
export function millicores(cpu: number | string): number {
  return typeof cpu === "number" ? Math.round(cpu * 1000) : Number(MILLICORES.exec(cpu)?.[1]);
}

/** Whole seconds of a time that {@link durationMs} reads, rounded up. */
export function seconds(text: string): number {
  return Math.ceil(durationMs(text) / 1000);
}

/** Memory or storage: `512Mi`, `2Gi`. */
export const memorySchema = z.string().regex(MEMORY, { error: "must be an amount such as 512Mi or 2Gi" });

const CORES = { error: "must be cores such as 1, 0.5 or 500m" };

/** Cores: `1`, `0.5` or `500m`. */
export const cpuSchema = z.union([z.number().min(0.05).max(256), z.string().regex(MILLICORES, CORES)], CORES);

/** A share in per cent. */
export const percentSchema = z.number().min(0.01).max(100);

/** A name as Kubernetes, cloud services and hosts all take it (RFC 1123 label, short enough for suffixes). */
export const labelSchema = z.string().regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, {
  error: "must be 1 to 40 small letters, digits or - and begin with a letter",
});

/** A region as platforms call it. Files lie in folders of its name, and scripts say it. */
export const regionSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/, {
  error: "must be the name of a region, such as europe-west1",
});

/** The name of an environment variable. */
export const variableSchema = z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, {
  error: "must be a variable's name: capitals, digits and _",
});

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The value of a Kubernetes quantity (`500m`, `1Gi`, `1e3`) in bytes, cores or pieces; undefined when it is none. */
export function kubernetesQuantity(value: unknown): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?(?:e\d+)?)([A-Za-z]*)$/.exec(String(value).trim()) ?? [];
  const factor = UNITS[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
