// 搜索：把每一节的文字从头找一遍。汉字之间没有空格，切成词再比总会漏；全书几 MB，逐节找也只要几十毫秒。
const PAGES = [], count = (text, word) => text.split(word).length - 1;

function pairs(words) { // 相邻两个字一组；英文词不拆
  return [...new Set(words.flatMap(w => (w.match(/[\x00-\x7f]+|[^\x00-\x7f]+/g) || []).flatMap(run =>
    /^[\x00-\x7f]/.test(run) || run.length < 3 ? [run] : [...run.slice(1)].map((_, i) => run.slice(i, i + 2)))))];
}

function find(query) {
  const words = query.toLowerCase().split(/[\s，。？！、：；]+/).filter(Boolean);
  if (!words.length) return [[], words];
  const rate = (units, least) => {
    const rare = units.map(u => Math.log(1 + PAGES.length / (1 + PAGES.filter(p => p.low.includes(u)).length)));
    return PAGES.map(page => {
      const hit = units.map(u => page.low.includes(u));
      if (hit.filter(Boolean).length < least * units.length) return null;
      const one = (u, i) => hit[i] && rare[i] * (4 * page.top.includes(u) + 3 * page.name.includes(u) + 1 + Math.min(5, count(page.low, u)) / 5);
      return [units.reduce((sum, u, i) => sum + one(u, i), 0), page];
    }).filter(Boolean).sort((a, b) => b[0] - a[0]).map(x => x[1]);
  };
  const whole = rate(words, 1);
  if (whole.length) return [whole, words];
  return [rate(pairs(words), .5), pairs(words)]; // 没有一节写着原话：找说得最像的
}

function excerpt(text, words) { // 第一处附近的一段，找到的字加亮
  const low = text.toLowerCase(), first = Math.min(...words.map(w => low.indexOf(w)).filter(i => i >= 0), low.length);
  const from = first === low.length ? 0 : Math.max(0, first - 40), p = document.createElement("p");
  const safe = words.map(w => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  p.append(from ? "…" : "");
  text.slice(from, from + 160).split(new RegExp(`(${safe})`, "gi")).forEach((piece, i) => {
    const mark = document.createElement("mark");
    mark.textContent = piece;
    p.append(i % 2 ? mark : piece);
  });
  return p;
}

function show(query) {
  const [found, words] = find(query), box = document.getElementById("found"), seen = {};
  const few = found.filter(p => (seen[p.page] = (seen[p.page] || 0) + 1) <= 3).slice(0, 50); // 一页最多三节
  document.getElementById("how-many").textContent = !query.trim() ? "" : found.length ? `${found.length} 节` : "没有找到。换个说法，或者少写几个字。";
  box.replaceChildren(...few.map(page => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = page.url;
    link.textContent = page.title === page.head ? page.title : `${page.title} › ${page.head}`;
    item.append(link, excerpt(page.text, words));
    return item;
  }));
}

function start(rows) { // 一行：网址、页的标题、这一节的标题、文字
  for (const [url, title, head, text] of rows)
    PAGES.push({url, page: url.split("#")[0], title, head, text, top: title.toLowerCase(), name: head.toLowerCase(), low: `${title} ${head} ${text}`.toLowerCase()});
  const input = document.getElementById("query");
  input.value = new URLSearchParams(location.search).get("q") || "";
  input.addEventListener("input", () => show(input.value));
  show(input.value);
  input.focus();
}
