import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Attributes in which Next.js puts addresses, with all that a visitor gave in them. */
const ADDRESSES = ["http.target", "http.url", "next.span_name"];

/**
 * Takes out of a span what may quote a visitor, a document or an answer: query strings and the
 * messages of errors.
 */
export function plain(span: Writable<ReadableSpan>): void {
  span.name = withoutQuery(span.name);
  for (const name of ADDRESSES) {
    const value = span.attributes[name];
    if (typeof value === "string") span.attributes[name] = withoutQuery(value);
  }
  span.events.splice(0);
  span.status = { code: span.status.code };
}

function withoutQuery(text: string): string {
  return text.split("?", 1)[0] ?? "";
}

/** Runs before the processor that sends spans. */
class Plain implements SpanProcessor {
  onStart(): void {
    // Nothing is known of a span yet.
  }

  onEnd(span: ReadableSpan): void {
    plain(span);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Goes on with the trace that a request belongs to (W3C Trace Context), and sends the spans that
 * Next.js makes where OTEL_EXPORTER_OTLP_ENDPOINT names a collector.
 */
export async function traceRequests(): Promise<void> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  if (!process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]) return;
  // Only now: without a collector nothing of this is loaded.
  const { BasicTracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
  const { resourceFromAttributes } = await import("@opentelemetry/resources");
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": process.env["OTEL_SERVICE_NAME"] ?? "rag-frontend",
      "service.version": process.env["APP_VERSION"] ?? "unknown",
    }),
    spanProcessors: [new Plain(), new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  trace.setGlobalTracerProvider(provider);
  // What is not sent yet when the process is told to end; it does not wait for it.
  process.once("SIGTERM", () => void provider.forceFlush().catch(() => undefined));
}

/** Lets a request to the backend belong to the trace of the one that is being answered. */
export function passTraceOn(headers: Headers): void {
  propagation.inject(context.active(), headers, {
    set: (carrier, name, value) => carrier.set(name, value),
  });
}
