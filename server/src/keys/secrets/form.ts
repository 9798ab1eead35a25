/** A form as it is sent. */
export function formPost(form: Readonly<Record<string, string>>): {
  readonly method: "POST";
  readonly headers: Record<string, string>;
  readonly body: string;
} {
  return {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: new URLSearchParams(form).toString(),
  };
}
