# What Indonesian triggers take, and what looks like it and is not.
story: Indonesian wording
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: sawo matang cocok ga
                  fired shade-id
                  public: Cek DM ya kak
                  bot: Warna kulit kakak seperti apa? Pilih atau ketik ya. [Kulit putih] [Kuning langsat] [Sawo matang] [Chat admin]
      +1m         dewi comments on v46: berapa lama tahan
                  nothing
      +1m         sari99 comments on v46: keranjang kuning mana
                  fired link-id
                  public: Sudah dibalas di pesan ya kak
                  card: shop: Ini link tokonya kak 🛒
      +1m         rina comments on v46: bumil boleh pakai
                  fired skin-id
                  public: Detailnya sudah kami kirim kak
                  bot: Jenis kulit kakak apa? [Berminyak] [Kering] [Sensitif] [Chat admin]
      +1m         ayu comments on v46: pesan lagi 2
                  fired order-id
                  public: Makasih kak, sudah kami DM
                  bot: "Mau berapa pcs kak? (ketik angka)"
      +1m         tika comments on v46: gatal ga ya, aman ga
                  nothing
