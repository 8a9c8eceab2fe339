/**
 * Whether an answer says that its sign-in was accepted: statuses that only the application behind the
 * sign-in gives. A gateway may give the others.
 */
export function provesSignIn(status: number): boolean {
  return status < 300 || status === 403 || status === 500;
}
