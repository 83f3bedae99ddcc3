/** What somebody with an appointment types at the kiosk: the last eight digits of its id as a number, in two groups. */
export function checkInCode(id: string): string {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return "–";
  const digits = (BigInt(`0x${id.replace(/-/g, "")}`) % 100_000_000n).toString().padStart(8, "0");
  return `${digits.slice(0, 4)} ${digits.slice(4)}`;
}
