async function follow(api, prison, token, told) {
  let last = "", pause = 1000;
  for (;;) {
    const answer = await fetch(`${api}/v1/prisons/${prison}/stream-tickets`,
      {method: "POST", headers: {Authorization: `Bearer ${token()}`}}).catch(() => null);
    if (answer && [401, 403, 404].includes(answer.status)) return;   // sign in again
    if (answer && answer.ok) {
      const {path} = await answer.json();
      const why = await new Promise((over) => {
        const source = new EventSource(`${api}${path}&last_event_id=${last}`);
        const end = (event) => { source.close(); over(event.data && JSON.parse(event.data).reason); };
        const keep = (event) => { last = event.lastEventId; pause = 1000; };
        source.addEventListener("ready", keep);
        source.addEventListener("mark", keep);
        source.addEventListener("reset", () => told(null));          // read the lists anew
        source.addEventListener("end", end);
        source.onerror = end;
        source.onmessage = (event) => { keep(event); told(JSON.parse(event.data)); };
      });
      if (why === "superseded") return;                              // tell: this screen stands still
    }
    await new Promise((go) => setTimeout(go, pause * (0.5 + Math.random())));
    pause = Math.min(2 * pause, 30000);
  }
}
