import { connection } from "next/server";
import { Asking } from "@/components/ask/asking";
import { writesMarkdown } from "@/lib/answers-by";
import { submitQuestion } from "./actions";

export default async function AskPage() {
  // Not at build time: there is no backend then.
  await connection();
  return <Asking action={submitQuestion} markdown={await writesMarkdown()} />;
}
