import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { SignIn } from "@/components/access/sign-in";
import { peopleSignIn } from "@/lib/visitor";
import { getTexts } from "@/texts/server";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTexts())("signin.title") };
}

/** Where people come who have signed out, or whose sign-in failed. */
export default function SignInPage() {
  if (!peopleSignIn()) notFound();
  return <SignIn />;
}
