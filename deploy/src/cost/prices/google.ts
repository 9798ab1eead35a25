import { price, type PriceList } from "../price.ts";

const RUN = "https://cloud.google.com/run/pricing";
const GKE = "https://cloud.google.com/kubernetes-engine/pricing";
const BALANCING = "https://cloud.google.com/load-balancing/pricing";
const CLOUD_SQL = "https://www.usage.ai/blogs/gcp/cloud-sql/pricing/";
const SERVERS = "https://raw.githubusercontent.com/moveinfra/eu-cloud-prices/main/data/eu-cloud-prices.csv";
const TIER_1 = "Cloud Run tier 1, with us-central1 and europe-west1";

/** Google Cloud. Memorystore with a replica and Cloud Storage were not found. */
export const GOOGLE: PriceList = {
  "run-cpu": price({
    usd: "0.000018",
    per: "vCPU second",
    region: TIER_1,
    source: RUN,
    date: "2026-11-21",
    free: 240_000,
    note: "CPU always allocated",
  }),
  "run-memory": price({
    usd: "0.000002",
    per: "GiB second",
    region: TIER_1,
    source: "https://github.com/luketurner/paas-price-estimator/blob/main/src/providers/gcp.ts",
    date: "2022-10-01",
    expires: "2027-02-21",
    secondHand: true,
    note: "CPU always allocated",
  }),
  "gke-cluster": price({
    usd: "0.10",
    per: "cluster hour",
    region: "any",
    source: GKE,
    date: "2026-11-21",
    free: 744,
    note: "$74.40 of credit an account",
  }),
  "gke-node": price({
    usd: "0.086334",
    per: "hour of a node with 2 vCPU and 8 GB (e2-standard-2)",
    region: "europe-west3",
    source: SERVERS,
    date: "2026-10-28",
    secondHand: true,
    note: "56.61 EUR a month of 730 hours at 1.1133 USD",
  }),
  "balancer-rule": price({
    usd: "0.025",
    per: "hour of the first five forwarding rules",
    region: "global",
    source: BALANCING,
    date: "2026-11-21",
  }),
  "balancer-data": price({
    usd: "0.008",
    per: "GiB processed",
    region: "global",
    source: BALANCING,
    date: "2026-11-21",
  }),
  egress: price({
    usd: "0.12",
    per: "GB to the internet",
    region: "us-central1",
    source: "https://cloudwebschool.com/tools/cloud-run-cost-calculator/",
    date: "2026-11-21",
    free: 1,
    secondHand: true,
  }),
  logs: price({
    usd: "0.50",
    per: "GiB",
    region: "any",
    source: "https://cloud.google.com/stackdriver/pricing",
    date: "2026-11-21",
    free: 50,
  }),
  "postgres-cpu": price({
    usd: "0.0413",
    per: "vCPU hour",
    region: "us-central1",
    source: CLOUD_SQL,
    date: "2026-05-31",
    secondHand: true,
    note: "Cloud SQL Enterprise; twice with a standby",
  }),
  "postgres-memory": price({
    usd: "0.007",
    per: "GB hour",
    region: "us-central1",
    source: CLOUD_SQL,
    date: "2026-05-31",
    secondHand: true,
    note: "Cloud SQL Enterprise; twice with a standby",
  }),
  "postgres-storage": price({
    usd: "0.17",
    per: "GB month",
    region: "us-central1",
    source: "https://cloud.google.com/sql/pricing",
    date: "2026-11-21",
    secondHand: true,
    note: "SSD; twice with a standby; as several public repositories quote the page",
  }),
  "redis-memory": price({
    usd: "0.049",
    per: "GiB hour",
    region: "us-central1",
    source: "https://github.com/basithambat/mw_app_learn_to_code/blob/main/REDIS_COST_OPTIONS.md",
    date: "2026-11-21",
    secondHand: true,
    note: "Memorystore, basic tier, without a replica",
  }),
};
