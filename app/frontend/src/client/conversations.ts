import { useSyncExternalStore } from "react";
import type { Citation, Message } from "@/lib/api/types";
import type { Mark } from "@/lib/answer-text";
import { MAX_TURN_CHARS, MAX_TURNS, MAX_TURNS_BYTES } from "@/lib/limits";
import type { Problem } from "@/lib/problem";

/** Conversations, kept in this browser alone. */

export interface Turn {
  id: string;
  question: string;
  answer: string;
  citations: Citation[];
  marks: Mark[];
  /** Names of documents by id. */
  names: Record<string, string>;
  /** How many passages the answer is made from; null until that is known. */
  passages: number | null;
  state: "asking" | "answered" | "refused" | "stopped" | "failed";
  confidence: number | null;
  problem: Problem | null;
}

export interface Conversation {
  id: string;
  title: string;
  turns: Turn[];
}

const KEY = "conversations";
const MOST = 30;
const LONGEST_TITLE = 80;
const NONE: readonly Conversation[] = [];

let known: readonly Conversation[] | null = null;
const listeners = new Set<() => void>();

/** All conversations, the newest first. */
export function useConversations(): readonly Conversation[] {
  return useSyncExternalStore(subscribe, all, () => NONE);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", onStorage);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("storage", onStorage);
  };
}

/** Another tab has changed them. */
function onStorage(event: StorageEvent): void {
  if (event.key !== null && event.key !== KEY) return;
  known = null;
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

export function all(): readonly Conversation[] {
  known ??= read();
  return known;
}

/** What storage has. Turns of another version, or by another hand, are left out. */
function read(): readonly Conversation[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter(isConversation).map(settled) : NONE;
  } catch {
    return NONE;
  }
}

function isConversation(value: unknown): value is Conversation {
  const one = value as Conversation | null;
  return typeof one?.id === "string" && Array.isArray(one.turns) && one.turns.every(isTurn);
}

function isTurn(value: unknown): value is Turn {
  const one = value as Turn | null;
  return (
    typeof one?.question === "string" &&
    typeof one.answer === "string" &&
    Array.isArray(one.citations) &&
    Array.isArray(one.marks)
  );
}

/** A question that was under way when the page went away has stopped. */
function settled(conversation: Conversation): Conversation {
  const turns = conversation.turns.map((turn) =>
    turn.state === "asking" ? { ...turn, state: "stopped" as const } : turn,
  );
  return { ...conversation, turns };
}

/** Changes a conversation, or begins it: it is then the newest. */
export function change(id: string, turns: (turns: readonly Turn[]) => Turn[]): void {
  const old = all().find((one) => one.id === id);
  const now = turns(old?.turns ?? []);
  const title = (now[0]?.question ?? "").slice(0, LONGEST_TITLE);
  const others = all().filter((one) => one.id !== id);
  known = [{ id, title, turns: now }, ...others].slice(0, MOST);
  tell();
}

/** Writes down what is known; the oldest give way where there is no room. */
export function keep(): void {
  let kept = all();
  for (;;) {
    try {
      if (kept.length === 0) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, JSON.stringify(kept));
      return;
    } catch {
      // A browser that keeps nothing at all still shows this visit's conversations.
      if (kept.length === 0) return;
      kept = kept.slice(0, -1);
    }
  }
}

/** Deletes a conversation. */
export function remove(id: string): void {
  known = all().filter((one) => one.id !== id);
  keep();
  tell();
}

/** Deletes all conversations. */
export function clear(): void {
  known = NONE;
  keep();
  tell();
}

/** What was said before, as a follow-up question takes it along: the last turns that have room. */
export function messagesOf(turns: readonly Turn[]): Message[] {
  const messages: Message[] = [];
  let bytes = 0;
  for (const turn of turns.filter((each) => each.state === "answered").toReversed()) {
    const pair: Message[] = [
      { role: "user", content: turn.question.slice(0, MAX_TURN_CHARS) },
      { role: "assistant", content: turn.answer.slice(0, MAX_TURN_CHARS) },
    ];
    bytes += new TextEncoder().encode(JSON.stringify(pair)).length;
    if (bytes > MAX_TURNS_BYTES || messages.length + 2 > MAX_TURNS) break;
    messages.unshift(...pair);
  }
  return messages;
}
