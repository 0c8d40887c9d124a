export interface Data {
  title: string;
}

export function Page({ data }: { data: Data }) {
  return (
    <main>
      <h1>{data.title}</h1>
    </main>
  );
}
