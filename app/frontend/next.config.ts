import path from "node:path";
import type { NextConfig } from "next";
import { MAX_REQUEST_BYTES } from "./src/lib/limits";
import { STATIC_SECURITY_HEADERS } from "./src/lib/security-headers";

const root = path.resolve(import.meta.dirname);

const config: NextConfig = {
  output: "standalone",
  // Both are said, since a lock file in a parent folder would move the root.
  outputFileTracingRoot: root,
  turbopack: { root },
  // No picture is resized here, so the native library for it stays out.
  outputFileTracingExcludes: {
    "next-server": ["node_modules/{sharp,@img,detect-libc,semver}/**/*"],
  },
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  agentRules: false,
  experimental: {
    // Threads, not processes: those talk over TCP, which a build without network
    // may lack even on the loopback device.
    turbopackPluginRuntimeStrategy: "workerThreads",
    // The upload limit plus room for the multipart frame. Both limits count:
    // the proxy cuts a body at its own one without an error.
    serverActions: { bodySizeLimit: MAX_REQUEST_BYTES },
    proxyClientMaxBodySize: MAX_REQUEST_BYTES + 1024,
  },
  headers: async () => [{ source: "/:path*", headers: STATIC_SECURITY_HEADERS }],
};

export default config;
