import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `vite` (the development server) finds a running Slipway; the build does not use it. */
const upstream = process.env["SLIPWAY_URL"] ?? "http://127.0.0.1:8000";

const proxied = {
  target: upstream,
  changeOrigin: true,
  // The server refuses mutating requests whose Origin is not its own.
  headers: { origin: new URL(upstream).origin },
};

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  // The server puts a fresh nonce in its place with every page that it sends.
  html: { cspNonce: "__SLIPWAY_NONCE__" },
  build: {
    target: "es2022",
    // `default-src 'self'` allows no data: addresses, so nothing may be inlined into CSS or scripts.
    assetsInlineLimit: 0,
    // Every browser that this target names preloads modules by itself.
    modulePreload: { polyfill: false },
    // All styles together are a few kilobytes: one file, there before anything is drawn.
    cssCodeSplit: false,
  },
  server: { proxy: { "/api": proxied, "/v1": proxied } },
});
