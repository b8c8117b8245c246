/** Gives the person a file with a name that says whose picture it is and when it was taken. */
export function save(picture: Blob, robot: string, time: number): void {
  const url = URL.createObjectURL(picture);
  const link = document.createElement("a");
  link.href = url;
  link.download = `${robot} ${new Date(time).toISOString().slice(0, 19).replaceAll(":", "-")}.jpg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
