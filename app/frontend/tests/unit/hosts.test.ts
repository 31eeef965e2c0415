import { describe, expect, it } from "vitest";
import { isAllowedHost } from "@/lib/hosts";

describe("a request's host", () => {
  it.each(["rag.example.com", "RAG.example.com:443", "127.0.0.1:3000", "[::1]:3000", "localhost"])(
    "%s is served",
    (host) => expect(isAllowedHost(host, "rag.example.com")).toBe(true),
  );

  it.each(["evil.example", "rag.example.com.evil.example", "rag.example.comx", "", null])(
    "%s is not",
    (host) => expect(isAllowedHost(host, "rag.example.com")).toBe(false),
  );

  it("may be any where no name was given", () => {
    expect(isAllowedHost("evil.example", " ")).toBe(true);
  });
});
