import type { AuditSpec } from "@slipway/contracts/spec/audit.ts";
import type { LevelOf } from "./audit.ts";

type Level = ReturnType<LevelOf>;

const MOST_REMEMBERED = 10_000;

/** Levels as the settings and the configuration file say them; the file may change while the server runs. */
export interface AuditLevels {
  readonly levelOf: LevelOf;
  /** Puts the file's section in force, or takes it out. */
  setSpec(spec: AuditSpec | undefined): void;
}

function matches(pattern: string | undefined, value: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith("*") ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}

/** Of the file's rules the first that fits decides, then the file's level, then the environment's. `enabled: false` stands over all. */
export function createAuditLevels(settings: { readonly enabled: boolean; readonly level: Level }): AuditLevels {
  let spec: AuditSpec | undefined;
  // Of each tenant and route that was asked for: rules are read once.
  let known = new Map<string, Level>();
  const find = (tenantId: string, route: string): Level => {
    const rule = spec?.rules.find((one) => matches(one.tenant, tenantId) && matches(one.route, route));
    return rule?.level ?? spec?.level ?? settings.level;
  };
  return {
    levelOf(tenantId, route = "") {
      if (!settings.enabled) return "none";
      if (!spec || spec.rules.length === 0) return spec?.level ?? settings.level;
      const name = `${tenantId}\n${route}`;
      let level = known.get(name);
      if (level === undefined) {
        level = find(tenantId, route);
        if (known.size >= MOST_REMEMBERED) known.clear();
        known.set(name, level);
      }
      return level;
    },
    setSpec(next) {
      spec = next;
      known = new Map();
    },
  };
}
