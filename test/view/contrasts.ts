/**
 * Runs in a page: every text that is seen, with its contrast by WCAG against all that is behind it. A chart's text is
 * taken against the area behind the bars too.
 */
export const contrasts = `(() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (front, back) => ({
    r: front.r * front.a + back.r * (1 - front.a),
    g: front.g * front.a + back.g * (1 - front.a),
    b: front.b * front.a + back.b * (1 - front.a),
    a: 1,
  });
  const luminance = ({ r, g, b }) => {
    const [red, green, blue] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    if (!element) return { r: 255, g: 255, b: 255, a: 1 };
    const color = parse(getComputedStyle(element).backgroundColor);
    return color.a === 1 ? color : over(color, behind(element.parentElement));
  };
  const opacity = (element) =>
    element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1;
  const found = [];
  const judge = (element, text, style) => {
    const svg = element.closest('svg');
    const color = parse(svg ? style.fill : style.color);
    const shownThrough = { ...color, a: color.a * opacity(element) };
    const back = behind(svg ? svg.parentElement : element);
    const area = svg?.closest('.chart')?.querySelector('.beyond');
    const backs = area ? [back, over(parse(getComputedStyle(area).fill), back)] : [back];
    const ratios = backs.map((each) => ratio(over(shownThrough, each), each));
    found.push({ text: text.trim().slice(0, 40), where: element.tagName + '.' + element.className, ratio: Math.min(...ratios) });
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: element, data } = walker.currentNode;
    if (data.trim() === '' || !element.checkVisibility() || element.closest('script, noscript, option')) continue;
    judge(element, data, getComputedStyle(element));
  }
  for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility()) continue;
    for (const pseudo of ['::before', '::after']) {
      const style = getComputedStyle(element, pseudo);
      if (!/^(none|normal|"")$/.test(style.content) && style.display !== 'none') judge(element, style.content, style);
    }
    if (element.matches('input, select')) judge(element, element.id, getComputedStyle(element));
    if (element.matches('[placeholder]')) judge(element, element.placeholder, getComputedStyle(element, '::placeholder'));
  }
  return found;
})()`;
