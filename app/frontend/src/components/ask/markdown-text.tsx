"use client";

import type { ReactNode } from "react";
import Markdown from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import type { Segment } from "@/lib/answer-text";

interface MarkdownTextProps {
  segments: readonly Segment[];
  /** The link to a source by its number. */
  link: (number: number) => ReactNode;
}

const SOURCE = /^#source-(\d{1,3})$/;

/**
 * An answer in Markdown. HTML in it stays text, and no picture is fetched: it would tell another
 * server who reads the answer.
 */
export default function MarkdownText({ segments, link }: MarkdownTextProps) {
  const text = segments
    .map((segment) =>
      "text" in segment ? segment.text : `[${segment.source}](#source-${segment.source})`,
    )
    .join("");
  return (
    <div className="markdown whitespace-normal">
      <Markdown
        rehypePlugins={[rehypeSanitize]}
        disallowedElements={["img"]}
        components={{
          a: ({ href, children }) => {
            const number = SOURCE.exec(href ?? "")?.[1];
            if (number) return link(Number(number));
            return (
              <a
                href={href}
                rel="noreferrer nofollow"
                target="_blank"
                className="text-accent underline"
              >
                {children}
              </a>
            );
          },
        }}
      >
        {text}
      </Markdown>
    </div>
  );
}
