// 滚动条里看不见的宽代码与宽表：让键盘也能左右滚
document.querySelectorAll(".highlight pre, .table-wrapper, .output").forEach(e => { if (e.scrollWidth > e.clientWidth) e.tabIndex = 0 });
