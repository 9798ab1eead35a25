import { price, type PriceList } from "../price.ts";

const DOCS = "https://docs.railway.app/reference/pricing";
const PLANS =
  "https://raw.githubusercontent.com/api-evangelist/railway-app/refs/heads/main/plans/railway-app-plans-pricing.yml";

/** Railway: one price for all regions. */
export const RAILWAY: PriceList = {
  cpu: price({ usd: "0.000463", per: "vCPU minute", region: "any", source: DOCS, date: "2026-07-02" }),
  memory: price({ usd: "0.000231", per: "GB minute", region: "any", source: DOCS, date: "2026-07-02" }),
  egress: price({
    usd: "0.05",
    per: "GB to the internet",
    region: "any",
    source: PLANS,
    date: "2026-07-02",
    secondHand: true,
  }),
  volume: price({ usd: "0.15", per: "GB month", region: "any", source: PLANS, date: "2026-07-02", secondHand: true }),
  seat: price({
    usd: "20",
    per: "seat month",
    region: "any",
    source: PLANS,
    date: "2026-07-02",
    secondHand: true,
    note: "plan Pro, one seat",
  }),
};
