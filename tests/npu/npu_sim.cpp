// 名叫 npu 的设备，两张“卡”：内存与算子都是 CPU 的，张量的 device 却真是 npu:0、npu:1。
// 借 torch 留给外来硬件的位置（PrivateUse1）登记：分配器、设备守卫、钩子、几个搬运的算子；其余算子退回 CPU 去算。
#include <torch/extension.h>
#include <ATen/EmptyTensor.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/native/Resize.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

using namespace at;
using Opt = std::optional<ScalarType>;
static const int CARDS = 2;
static const auto NPU = c10::DeviceType::PrivateUse1;
static const c10::DispatchKeySet KEYS(c10::DispatchKey::PrivateUse1);
static thread_local c10::DeviceIndex current = 0;
static std::map<std::string, int64_t> calls;        // 算子 → 在 npu 上跑过几次
static int64_t in_use = 0, peak = 0;                // 占着的字节，与最高水位
static Generator own = at::detail::createCPUGenerator(0);  // 卡自己的随机数，与 CPU 的互不相干

// ---- 内存 -----------------------------------------------------------------------------------------------------
struct Block { void* at; size_t bytes; };
struct NpuAllocator final : c10::Allocator {
  static void release(void* given) {
    auto* block = static_cast<Block*>(given);
    in_use -= block->bytes;
    c10::GetCPUAllocator()->raw_deallocate(block->at);
    delete block;
  }
  c10::DataPtr allocate(size_t n) override {
    auto* block = new Block{c10::GetCPUAllocator()->raw_allocate(n ? n : 1), n};
    peak = std::max(peak, in_use += n);
    return {block->at, block, &release, c10::Device(NPU, current)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void* to, const void* from, std::size_t n) const override { std::memcpy(to, from, n); }
};
static NpuAllocator allocator;
REGISTER_ALLOCATOR(NPU, &allocator);

// ---- 哪一张卡 -------------------------------------------------------------------------------------------------
struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return NPU; }
  c10::Device getDevice() const override { return {NPU, current}; }
  void setDevice(c10::Device d) const override { current = d.index(); }
  void uncheckedSetDevice(c10::Device d) const noexcept override { current = d.index(); }
  c10::Device exchangeDevice(c10::Device d) const override {
    auto before = getDevice();
    if (d.has_index()) setDevice(d);
    return before;
  }
  static c10::Stream only(c10::Device d) { return c10::Stream(c10::Stream::DEFAULT, {NPU, d.index()}); }
  c10::Stream getStream(c10::Device d) const override { return only(d); }
  c10::Stream getNewStream(c10::Device d, int) const override { return only(d); }
  c10::Stream exchangeStream(c10::Stream s) const override { return s; }
  c10::DeviceIndex deviceCount() const noexcept override { return CARDS; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
  void synchronizeEvent(void*) const override {}
  void synchronizeDevice(const c10::DeviceIndex) const override {}
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

struct Hooks : at::PrivateUse1HooksInterface {
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  c10::DeviceIndex deviceCount() const override { return CARDS; }
  c10::DeviceIndex getCurrentDevice() const override { return current; }
  void setCurrentDevice(c10::DeviceIndex i) const override { current = i; }
  const Generator& getDefaultGenerator(c10::DeviceIndex) const override { return own; }
  Generator getNewGenerator(c10::DeviceIndex) const override { return at::detail::createCPUGenerator(); }
  void resizePrivateUse1Bytes(const Storage& s, size_t n) const override {
    auto data = allocator.allocate(n);
    std::memcpy(data.mutable_get(), s.data(), std::min(n, s.nbytes()));
    s.unsafeGetStorageImpl()->set_data_ptr_noswap(std::move(data));
    s.unsafeGetStorageImpl()->set_nbytes(n);
  }
};
static Hooks hooks;

// ---- 算子 -----------------------------------------------------------------------------------------------------
static Tensor on_cpu(const Tensor& t) {  // 同样的字节，当成 CPU 的张量看
  if (!t.device().is_privateuseone()) return t;
  int64_t n = t.storage().nbytes() / t.itemsize();
  auto flat = at::from_blob(const_cast<void*>(t.storage().data()), {n}, t.options().device(kCPU));
  return flat.as_strided(t.sizes(), t.strides(), t.storage_offset());
}
static Tensor new_empty(c10::SymIntArrayRef size, Opt type, std::optional<Layout>, std::optional<Device> where,
                    std::optional<bool>, std::optional<MemoryFormat> format) {
  c10::OptionalDeviceGuard guard(where);
  auto sizes = C10_AS_INTARRAYREF_SLOW(size);
  return at::detail::empty_generic(sizes, &allocator, KEYS, c10::dtype_or_default(type), format);
}
static Tensor new_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride, Opt type, std::optional<Layout>,
                            std::optional<Device> where, std::optional<bool>) {
  c10::OptionalDeviceGuard guard(where);
  auto sizes = C10_AS_INTARRAYREF_SLOW(size), strides = C10_AS_INTARRAYREF_SLOW(stride);
  return at::detail::empty_strided_generic(sizes, strides, &allocator, KEYS, c10::dtype_or_default(type));
}
static Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  if (to.numel()) on_cpu(to).copy_(on_cpu(from));
  return to;
}
static Tensor copy_and_resize(const Tensor& from, const Tensor& to) {
  const_cast<Tensor&>(to).resize_(from.sizes());
  return copy_from(from, to, false);
}
static Scalar item(const Tensor& t) { return on_cpu(t).item(); }
static Tensor& set_storage(Tensor& t, Storage s, int64_t offset, IntArrayRef size, IntArrayRef stride) {
  return at::native::set_storage_cpu_(t, s, offset, size, stride);
}
static Tensor& set_whole(Tensor& t, Storage s) {
  int64_t n = s.nbytes() / t.itemsize();
  return at::native::set_storage_cpu_(t, s, 0, {n}, {1});
}
static void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  calls[op.schema().name()]++;
  auto cpu = at::detail::getDefaultCPUGenerator();  // 要随机数的算子，用卡自己的那一份
  auto kept = cpu.get_state();
  cpu.set_state(own.get_state());
  at::native::cpu_fallback(op, stack);
  own.set_state(cpu.get_state());
  cpu.set_state(kept);
}
TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>()); }
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &new_empty);
  m.impl("empty_strided", &new_strided);
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_and_resize);
  m.impl("_local_scalar_dense", &item);
  m.impl("set_.source_Storage_storage_offset", &set_storage);
  m.impl("set_.source_Storage", &set_whole);
  m.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
  m.impl("view", TORCH_FN(at::native::view));
  m.impl("resize_", TORCH_FN(at::native::resize_));
  m.impl("unfold", TORCH_FN(at::native::unfold));
  m.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
}

// ---- 混合精度：哪些算子降到 16 位，哪些升回 32 位 ----------------------------------------------------------------
using namespace at::autocast;
TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }
TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
  KERNEL_PRIVATEUSEONE(linear, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(matmul, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(mm, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(bmm, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(scaled_dot_product_attention, lower_precision_fp)
  KERNEL_PRIVATEUSEONE(cross_entropy_loss, fp32)
  KERNEL_PRIVATEUSEONE(pow, Tensor_Scalar, fp32)
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  static bool once = (at::RegisterPrivateUse1HooksInterface(&hooks), true);
  (void)once;
  m.attr("cards") = CARDS;
  m.def("calls", [] { return calls; });
  m.def("current", [] { return static_cast<int>(current); });
  m.def("set_device", [](int i) { TORCH_CHECK(i >= 0 && i < CARDS, "没有 npu:", i); current = i; });
  m.def("in_use", [] { return in_use; });
  m.def("peak", [] { return peak; });
  m.def("reset_peak", [] { peak = in_use; });
  m.def("seed", [](uint64_t seed) { own.set_current_seed(seed); });
  m.def("get_rng", [] { return own.get_state(); });
  m.def("set_rng", [](const Tensor& state) { own.set_state(state); });
}
