import { ASSUMED, type Case, DAY, MEASURED, MONTH_DAYS } from "./assumptions.ts";

/** A service as its cost sees it. */
export interface SizedService {
  readonly name: string;
  readonly public: boolean;
  /** Thousandths of a core of one instance. */
  readonly millicores: number;
  readonly mebibytes: number;
  readonly min: number;
  readonly max: number;
  /** Requests that one instance answers at once. */
  readonly concurrency: number;
  /** Per cent of its CPU at which more instances come. */
  readonly cpuTarget: number;
}

/** Instances that a service needs at a rate of requests a second, as a fraction and without its bounds. */
export function needed(service: SizedService, perSecond: number, which: Case): number {
  const open = perSecond * ASSUMED.secondsPerAnswer[which];
  const cores = (perSecond * MEASURED.cpuMicrosPerRequest[which]) / 1e6;
  return Math.max(open / service.concurrency, cores / ((service.millicores / 1000) * (service.cpuTarget / 100)));
}

/**
 * Hours that all instances of a service run in a month, at so many requests a day. Instances are whole and within the service's
 * scale; a service that may go down to none runs while requests are open, and lingers after them.
 */
export function instanceHours(service: SizedService, requestsPerDay: number, which: Case): number {
  const day = DAY[which].reduce((sum, [hours, share]) => {
    const perSecond = (requestsPerDay * share) / (hours * 3600);
    const most = Math.min(service.max, Math.max(service.min, Math.ceil(needed(service, perSecond, which)), 1));
    // Requests come by chance (Poisson): the share of the time in which none was there is e^-rate×length.
    const stay = ASSUMED.secondsPerAnswer[which] + ASSUMED.lingerSeconds[which];
    const awake = service.min > 0 ? 1 : 1 - Math.exp(-perSecond * stay);
    return sum + hours * most * awake;
  }, 0);
  return day * MONTH_DAYS;
}

/** Whether a day's busiest hours need more instances than the service may have: then its estimate is that of a service that refuses requests. */
export function beyondScale(service: SizedService, requestsPerDay: number, which: Case): number | undefined {
  const peaks = DAY[which].map(([hours, share]) => needed(service, (requestsPerDay * share) / (hours * 3600), which));
  const most = Math.ceil(Math.max(...peaks));
  return most > service.max ? most : undefined;
}

/** Gigabytes a month of something that each request has kilobytes of. */
export function gigabytes(requestsPerDay: number, kilobytes: number): number {
  return (requestsPerDay * MONTH_DAYS * kilobytes) / 1e6;
}
